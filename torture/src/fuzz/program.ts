import { startServer, type Version } from "@tidemark/servers";
import { openEventStore } from "tidemark";
import { createProgress } from "../progress.ts";
import { randomFrom } from "../random.ts";
import type { Actor, Call } from "./call.ts";
import { appendCalls } from "./calls/appends.ts";
import { commandCalls } from "./calls/commands.ts";
import { documentCalls } from "./calls/documents.ts";
import { hostileCalls } from "./calls/hostile.ts";
import { readCalls } from "./calls/reads.ts";
import { transactionCalls } from "./calls/transactions.ts";
import { wrongError } from "./errors.ts";
import { Model, type ModelEvent } from "./model.ts";
import { asyncSummaries, inlineSummaries } from "./projections.ts";

const actors = 4;
/** Longer than any call of a healthy store on a loaded machine: what takes longer hangs. */
const hangMs = 60_000;
const calls: readonly Call[] = [...appendCalls, ...readCalls, ...documentCalls, ...transactionCalls, ...commandCalls, ...hostileCalls];
const [first, ...others] = calls;

/** Callers who use the whole API at random, each beside a model that says what has to come of it. Returns whether all is well. */
export async function fuzz(version: Version, seed: number, seconds: number): Promise<boolean> {
  console.log(`Seed ${seed}: ${actors} callers for ${seconds} s on PostgreSQL ${version}.`);
  await using server = await startServer({ version });
  const store = await openEventStore(server.url, {
    projections: [inlineSummaries, asyncSummaries],
    logger: { debug() {}, info() {}, warn() {}, error: console.error },
  });
  const worker = store.createWorker();
  await worker.start();
  const progress = createProgress();
  const counts = new Map<string, number>();
  const wrong: string[] = [];
  const deadline = performance.now() + seconds * 1_000;
  const made = (): number => [...counts.values()].reduce((sum, count) => sum + count, 0);
  const all = Array.from({ length: actors }, (_, index) => createActor(store, seed, index, made));

  await Promise.all(
    all.map(async (actor) => {
      while (performance.now() < deadline && wrong.length < 20) {
        const call = first === undefined ? undefined : actor.random.pick([first, ...others]);
        if (!call) return;
        const found = await bounded(call, actor);
        counts.set(call.name, (counts.get(call.name) ?? 0) + 1);
        if (found !== undefined) wrong.push(`${actor.name} ${call.name}: ${found}`);
        progress(`${made()} calls`);
      }
    }),
  );
  await worker.caughtUp();
  await worker.stop();
  wrong.push(...(await differences(store, all)));
  await store.close();

  for (const [name, count] of [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))) console.log(`${`${count}`.padStart(8)} ${name}`);
  for (const text of wrong) console.log(`        ANOMALY: ${text}`);
  const failed = new Set(wrong.map((text) => text.split(":")[0]?.split(" ").slice(1).join(" "))).size;
  console.log(
    `${wrong.length === 0 ? "No anomalies" : `${wrong.length} ANOMALIES`}; the same calls again: npm run torture -- fuzz --seed ${seed} --seconds ${seconds}`,
  );
  console.log(`${Math.max(counts.size - failed, 0)} passed, ${failed} failed`);
  return wrong.length === 0;
}

/** How many calls of a caller use the same streams. */
const callsOfStreams = 500;

function createActor(store: Actor["store"], seed: number, index: number, allCalls: () => number): Actor {
  const name = `caller${index}`;
  const random = randomFrom(seed, name);
  let n = 0;
  let chosen = 0;
  const event = (): ModelEvent => ({ type: random.pick(["ItemAdded", "ItemRemoved", "CartConfirmed"]), n: ++n * actors + index });
  const stream = (number: number): string => `${name}-${Math.floor(chosen / callsOfStreams)}-${number}`;
  return {
    name,
    store,
    random,
    model: new Model(),
    stream() {
      chosen++;
      return stream(random.between(1, 8));
    },
    streams: () => Array.from({ length: 8 }, (_, place) => stream(place + 1)),
    sharedTag: () => `shared:${Math.floor(allCalls() / 2_000)}-${random.between(1, 3)}`,
    events: (most = 1) => Array.from({ length: random.between(1, most) }, event),
  };
}

async function bounded(call: Call, actor: Actor): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const hang = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`has not ended after ${hangMs / 1_000} s`), hangMs);
  });
  const running = call.run(actor).catch((error: unknown) => `rejected with ${wrongError(error) ?? String(error)}`);
  try {
    return await Promise.race([running, hang]);
  } finally {
    clearTimeout(timer);
  }
}

/** The log and the read model that followed it hold what the models hold, each event once, and nothing else. */
async function differences(store: Actor["store"], all: readonly Actor[]): Promise<readonly string[]> {
  const wanted = new Map(all.flatMap(({ model }) => model.streams.map(([id, events]) => [id, events.map(({ n }) => n).join()] as const)));
  const found = new Map<string, string>();
  for await (const { streamId, data } of store.readAll<{ readonly type: string; readonly data: { readonly n?: number } }>()) {
    const before = found.get(streamId);
    found.set(streamId, before === undefined ? `${data.n}` : `${before},${data.n}`);
  }
  const documents = new Map((await store.documents(asyncSummaries).find()).map(({ _id, count, last }) => [_id, `${count} events, the last ${last}`]));
  const ids = [...new Set([...wanted.keys(), ...found.keys(), ...documents.keys()])].filter((id) => id.startsWith("caller"));
  return ids.flatMap((id) => {
    const numbers = wanted.get(id)?.split(",") ?? [];
    const summary = numbers.length === 0 ? undefined : `${numbers.length} events, the last ${numbers.at(-1)}`;
    return [
      ...(wanted.get(id) === found.get(id)
        ? []
        : [`end the log: stream ${id} holds ${found.get(id) ?? "nothing"}, and should hold ${wanted.get(id) ?? "nothing"}`]),
      ...(summary === documents.get(id)
        ? []
        : [`end the read model: document ${id} has ${documents.get(id) ?? "nothing"}, and should have ${summary ?? "nothing"}`]),
    ];
  });
}
