// A worker process. Its only argument is its orders; SIGTERM asks it to finish, the end of its parent ends it.
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { isTidemarkError, openEventStore, type EventStore } from "tidemark";
import { consume } from "../consume/consume.ts";
import { openHistory } from "../history/write.ts";
import { eventId } from "../history/content.ts";
import { drawn } from "../operations/operations.ts";
import { projectionsKnownBy } from "../project/projections.ts";
import { newestOf } from "../project/rebuilt.ts";
import { relaysTo } from "../publish/relays.ts";
import { randomFrom } from "../random.ts";
import { catalogueOf } from "../shapes/catalogues.ts";
import { createClient, type Client, type Shared } from "./client.ts";
import { follow } from "./follow.ts";
import type { Orders } from "./orders.ts";
import { unresolvedIn } from "./unresolved.ts";
import { KnownVersions } from "./versions.ts";

const orders: Orders = JSON.parse(process.argv[2] ?? "");
const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());
const orphaned = (): void => process.exit(1);
process.on("disconnect", orphaned);
process.send?.("ready");

/** The server may be down, or full, when a process starts. Undefined: it was asked to finish before that was over. */
async function open(idsToGive: string[]): Promise<EventStore | undefined> {
  while (!stop.signal.aborted) {
    try {
      return await openEventStore(orders.url, {
        schema: orders.schema,
        projections: projectionsKnownBy(newestOf(orders.worker, orders.incarnation)),
        ...catalogueOf(orders.code),
        pool: { max: 6, connectionTimeoutMs: 4_000, queryTimeoutMs: orders.queryTimeoutMs },
        // What nobody prepared belongs to an append that was refused before it was sent.
        createId: () => idsToGive.shift() ?? eventId(orders.worker, orders.incarnation, 0xffffffff, 0),
        logger: { debug() {}, info() {}, warn() {}, error: (...args) => console.error(...args) },
      });
    } catch (error) {
      // Any other says that the code does not even run, and would say so for ever.
      if (!isTidemarkError(error)) throw error;
      await delay(100);
    }
  }
  return undefined;
}

/** One operation after the other, no faster than the orders allow. */
async function live(client: Client, startedAt: number): Promise<void> {
  const { shared, random } = client;
  const operations = drawn(shared.orders.operations);
  while (!stop.signal.aborted) {
    await random.pick(operations).run(client);
    while (shared.written > ((performance.now() - startedAt) / 1_000) * orders.eventsPerSecond && !stop.signal.aborted) await delay(10);
  }
}

/** Returns how many operations it has begun. */
async function workUntilStopped(store: EventStore, idsToGive: string[]): Promise<number> {
  const shared: Shared = {
    orders,
    store,
    history,
    versions: new KnownVersions(),
    idsToGive,
    unresolved: unresolvedIn(orders.predecessor),
    stopping: stop.signal,
    operations: 0,
    written: 0,
    acknowledged: 0,
  };
  const telling = setInterval(() => process.send?.(shared.acknowledged), 500);
  const randomOf = (purpose: string) => randomFrom(orders.seed, `worker ${orders.worker}.${orders.incarnation} ${purpose}`);
  const startedAt = performance.now();
  const working = [
    consume(store, orders.code, stop.signal, orders.broker === undefined ? [] : relaysTo(orders.broker)),
    ...Array.from({ length: orders.clients }, (_, n) => live(createClient(shared, randomOf(`client ${n}`)), startedAt)),
    ...Array.from({ length: orders.followers }, (_, n) => follow(shared, randomOf(`follower ${n}`))),
  ];
  // What is under way then must end as it would have, and be told so.
  if (!stop.signal.aborted) await once(stop.signal, "abort");
  // Tells in its log what it waits for, where it takes long. The timer keeps no process.
  let awaited = "the store";
  setTimeout(() => console.error(`${awaited} does not end; there are ${process.getActiveResourcesInfo().join(", ")}`), 20_000).unref();
  await store.close();
  awaited = "an operation, a follower or a consumer";
  await Promise.all(working);
  clearInterval(telling);
  return shared.operations;
}

const history = openHistory(orders.history);
const idsToGive: string[] = [];
const store = await open(idsToGive);
const operations = store ? await workUntilStopped(store, idsToGive) : 0;
history.write({ t: "closed", op: operations, peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1_024) });
process.off("disconnect", orphaned);
process.disconnect();
