import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Event, EventStore } from "tidemark";
import { randomFrom } from "../feed/random.ts";
import { eventually, expect, test } from "../relays/test.ts";
import { closeGate, type Fact, installGates } from "./kill-gates.ts";
import type { Committed, Orders } from "./publisher-process.ts";

interface Publisher extends AsyncDisposable {
  /** Transactions whose commit it heard of. */
  readonly committed: readonly Committed[];
  /** `kill -9`. Resolves once it has ended. */
  kill(): Promise<void>;
}

function startPublisher(orders: Orders): Publisher {
  const child: ChildProcess = fork(new URL("./publisher-process.ts", import.meta.url), {
    execArgv: ["--conditions=source"],
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  const committed: Committed[] = [];
  child.on("message", (message: Committed) => void committed.push(message));
  child.send(orders);
  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }
  return { committed, kill, [Symbol.asyncDispose]: kill };
}

const keys = ["key-0", "key-1", "key-2", "key-3"];
const rounds: readonly Fact[] = [
  "before a message is written",
  "after a message was written",
  "before the event is written",
  "while it commits",
  "while it commits",
  "after a message was written",
];

type Mailed = Event<"Mailed", { messages: string[] }>;

/** By key, the ids of the messages whose transactions were committed, in the order of these: as the events tell that they appended. */
async function committedMessages(store: EventStore): Promise<Map<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  // Of streams, which, unlike the log, end at no mark that an open transaction holds back.
  for (const key of keys)
    found.set(
      key,
      (await store.readStream<Mailed>(key).toArray()).flatMap(({ data }) => data.messages),
    );
  return found;
}

function sizeOf(messages: ReadonlyMap<string, readonly string[]>): number {
  return [...messages.values()].flat().length;
}

test("a process that publishes is killed again and again: the broker has what was committed, each message once, and each key in order", async ({
  store,
  sql,
  schema,
  databaseUrl,
  start,
}) => {
  await store.highWaterMark();
  await installGates(sql, schema);
  const { broker, worker } = await start({ source: "outbox", shards: 2 });
  const seed = Date.now();
  const random = randomFrom(seed);
  const shuffled = rounds.map((fact) => ({ fact, at: random() })).toSorted((a, b) => a.at - b.at);
  for (const { fact } of shuffled) {
    await using publisher = startPublisher({ url: databaseUrl, schema, keys });
    const soonest = Math.floor(random() * 20) + 1;
    await eventually(() => expect(publisher.committed.length).toBeGreaterThanOrEqual(soonest));
    await using gate = await closeGate(sql, fact);
    await gate.holds(keys.length);
    const before = sizeOf(await committedMessages(store));
    await publisher.kill();
    await gate.openAndLose();
    const committed = await committedMessages(store);
    // A commit that was sent counts, though its process is dead; nothing else that was under way does.
    expect(sizeOf(committed) - before, `${fact}, seed ${seed}`).toBe(fact === "while it commits" ? 2 * keys.length : 0);
    for (const { key, version } of publisher.committed) expect(committed.get(key)?.length, `${key}, ${fact}, seed ${seed}`).toBeGreaterThanOrEqual(2 * version);
  }
  await worker.caughtUp();
  const published = new Map(keys.map((key) => [key, broker.stored.filter((message) => message.key === key).map(({ id }) => id)]));
  expect(published, `seed ${seed}`).toEqual(await committedMessages(store));
  expect((await store.outbox.stats()).published).toBe(broker.stored.length);
});
