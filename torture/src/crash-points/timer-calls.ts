import { setTimeout as delay } from "node:timers/promises";
import type { EventStore } from "tidemark";
import { contentOf } from "../history/content.ts";
import { timerFailure } from "../operations/timer.ts";
import { eventsOf, resultsOf, type Client } from "../worker/client.ts";
import type { Failure } from "../worker/outcome.ts";
import { failure, type Call } from "./call.ts";

const hourMs = 3_600_000;
const patienceMs = 15_000;

/** By case: the id of the timer's event, and what its call came to. */
const set = new Map<string, { readonly id: string; outcome: "ok" | Failure["t"] }>();

const streamOf = (category: string): string => `${category}-timer`;

/** Sets the timer of a case, whose key is the case's name. */
async function schedule({ perform, newIds }: Client, category: string, work: (id: string) => Promise<unknown>): Promise<void> {
  const [id = ""] = newIds(1);
  const timer = { id, outcome: "ok" as "ok" | Failure["t"] };
  set.set(category, timer);
  await perform(
    { kind: "set timer", key: category, id, stream: streamOf(category) },
    async () => {
      await work(id);
      return { kind: "set timer" };
    },
    (error) => {
      const failed = timerFailure(error);
      timer.outcome = failed.t;
      return failed;
    },
  );
}

const setIn =
  (store: Pick<EventStore, "schedule">, category: string, inMs: number) =>
  (id: string): Promise<unknown> =>
    store.schedule(streamOf(category), { ...contentOf(id), id }, { key: category, in: inMs });

const isSet = async ({ store }: Client, category: string): Promise<boolean> => (await store.timers.list({ limit: 10_000 })).some(({ key }) => key === category);

/** A timer that was set is there, one that was refused is not, and nobody knows of one whose answer was lost; it is cancelled then, and gone. */
const asItSaid = (healthy: Client, category: string): Promise<string | undefined> =>
  failure(async () => {
    const there = await isSet(healthy, category);
    const outcome = set.get(category)?.outcome ?? "unknown";
    if (outcome !== "unknown" && there !== (outcome === "ok")) return `schedule ended ${outcome}, and the timer is ${there ? "" : "not "}there`;
    if ((await healthy.store.timers.cancel(category)) !== there) return "what is listed cannot be cancelled";
    return (await isSet(healthy, category)) ? "it is listed, though it was cancelled" : undefined;
  });

/** Fires what is due, for a while. */
async function fire(store: EventStore, isOver: () => Promise<boolean>, forMs: number): Promise<void> {
  const worker = store.createWorker({ timers: true, onError: () => undefined });
  try {
    await worker.start();
    for (const until = performance.now() + forMs; performance.now() < until && !(await isOver().catch(() => false));) await delay(50);
  } finally {
    await worker.stop({ timeoutMs: 1_000 });
  }
}

const hasFired = async (store: EventStore, category: string): Promise<boolean> => (await store.streamInfo(streamOf(category))).version > 0;

export const timerCalls: readonly Call[] = [
  {
    name: "schedule an event",
    promise: "T1",
    run: (client, category) => schedule(client, category, setIn(client.store, category, hourMs)),
    verify: asItSaid,
  },
  {
    name: "schedule an event in a transaction that appends",
    promise: "T1",
    async run(client, category) {
      const part = { stream: `${category}-1`, expected: "any", ids: client.newIds(1) } as const;
      await client.append({ kind: "append", how: "transaction", parts: [part] }, async () => {
        const results = await client.store.transaction(async (tx) => {
          await setIn(tx, category, hourMs)(client.newIds(1)[0] ?? "");
          return await tx.appendToStream(part.stream, eventsOf(part));
        });
        return resultsOf([results]);
      });
    },
    verify: (healthy, category) =>
      failure(async () => {
        const [there, { version }] = [await isSet(healthy, category), await healthy.store.streamInfo(`${category}-1`)];
        return there === version > 0 ? undefined : `the timer is ${there ? "" : "not "}there, and its transaction wrote ${version} events`;
      }),
  },
  {
    name: "cancel a timer",
    promise: "T1",
    prepare: (client, category) => schedule(client, category, setIn(client.store, category, hourMs)),
    async run({ perform, store }, category) {
      const timer = set.get(category);
      const end = (outcome: "ok" | Failure["t"]): void => void (timer && (timer.outcome = outcome === "ok" ? "fail" : outcome === "fail" ? "ok" : "unknown"));
      await perform(
        { kind: "cancel timer", key: category },
        async () => {
          const there = await store.timers.cancel(category);
          end("ok");
          return { kind: "cancel timer", there };
        },
        (error) => {
          const failed = timerFailure(error);
          end(failed.t);
          return failed;
        },
      );
    },
    verify: asItSaid,
  },
  {
    name: "fire a timer",
    promise: "T1",
    prepare: (client, category) => schedule(client, category, setIn(client.store, category, 0)),
    async run({ perform, store }, category) {
      await perform({ kind: "snapshot", streams: [] }, async () => {
        await fire(store, () => hasFired(store, category), 4_000);
        return { kind: "snapshot", versions: [] };
      });
    },
    verify: (healthy, category) =>
      failure(async () => {
        await fire(healthy.store, () => hasFired(healthy.store, category), patienceMs);
        const events = await healthy.store.readStream(streamOf(category)).toArray();
        const [event] = events;
        if (events.length !== 1 || event?.id !== set.get(category)?.id) return `its stream holds ${events.map(({ id }) => id).join() || "nothing"}`;
        return (await isSet(healthy, category)) ? "it has fired, and is still there" : undefined;
      }),
  },
];
