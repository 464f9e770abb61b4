import { setTimeout as delay } from "node:timers/promises";
import { type Redis, startRedis, startServer } from "@tidemark/servers";
import { type EventStore, openEventStore } from "tidemark";
import { countArrivals, readArrivals } from "../publish/read-published.ts";
import { appendBytes, appendEvents, appendToEach, digestOf } from "./events.ts";
import type { OutagePlan } from "./plan.ts";
import type { Look, OutageRecord, SaidByHealth } from "./record.ts";
import { RelayWorker } from "./relay-worker.ts";
import { relayName } from "./relay.ts";
import { until } from "./until.ts";

/** Appends before the outage, and those in whose midst the broker dies. */
const warmAppends = 3;
const burstAppends = 10;
const looksWanted = 200;

/** Kills the broker of a relay, appends while it is away, and has it come back. */
export async function runOutage(plan: OutagePlan, progress: (text: string) => void): Promise<OutageRecord> {
  await using server = await startServer({ version: plan.version });
  const url = await server.createDatabase("outage");
  await using broker = await startRedis();
  await using store = await openEventStore(url);
  await using relay = await RelayWorker.start({ url, broker: broker.url, retry: plan.retry });
  await appendTimes(store, warmAppends);
  const warm = warmAppends * appendEvents;
  await until("the relay has published what was appended", async () => (await countArrivals(broker.url, relayName)) >= warm || undefined);
  const before = await relay.memory();

  const burst = appendTimes(store, burstAppends);
  await until("the relay publishes", async () => (await countArrivals(broker.url, relayName)) > warm || undefined);
  await broker.kill();
  const awayFrom = Date.now();
  await burst;
  await until('the relay is "retrying"', async () => (await stateOf(store)) === "retrying" || undefined);
  const looks = await lookWhileAppending(plan, { store, relay, awayFrom, progress });
  const during = await until("health complains of the relay's sink", async () => {
    const said = await lagIn(store);
    return said.advice?.includes("again and again") === true ? said : undefined;
  });

  progress("the broker is started again");
  await broker.start();
  const awayUntil = Date.now();
  const published = await untilAllPublished(store, broker, progress);
  const after = await until("health has nothing to say", async () => {
    const said = await lagIn(store);
    return said.status === "ok" ? said : undefined;
  });
  progress("comparing the broker with the log");
  return {
    plan,
    before,
    looks,
    health: { during, after },
    told: relay.told,
    letters: (await store.deadLetters.list({ kind: "relay" })).length,
    awayFrom,
    awayUntil,
    resumedMs: published.firstAt - awayUntil,
    caughtUpMs: published.lastAt - awayUntil,
    log: await readLog(store),
    arrivals: await readArrivals(broker.url, relayName, digestOf),
  };
}

async function appendTimes(store: EventStore, times: number): Promise<void> {
  for (let n = 0; n < times; n++) await appendToEach(store);
}

async function stateOf(store: EventStore): Promise<string> {
  return (await store.relays.get(relayName)).state;
}

interface Outage {
  readonly store: EventStore;
  readonly relay: RelayWorker;
  readonly awayFrom: number;
  readonly progress: (text: string) => void;
}

/** Appends evenly, and looks at the relay's process again and again. */
async function lookWhileAppending({ minutes, mebibytes }: OutagePlan, { store, relay, awayFrom, progress }: Outage): Promise<Look[]> {
  const looks: Look[] = [];
  const appends = Math.ceil((mebibytes * 1_024 * 1_024) / appendBytes);
  const every = Math.max(1, Math.floor(appends / looksWanted));
  for (let done = 1; done <= appends; done++) {
    await appendToEach(store);
    const early = awayFrom + (minutes * 60_000 * done) / appends - Date.now();
    if (early > 0) await delay(early);
    if (done % every > 0) continue;
    const backlog = done * appendBytes;
    const memory = await relay.memory();
    looks.push({ ...memory, atMs: Date.now() - awayFrom, backlog, state: await stateOf(store) });
    progress(`the broker is away, ${inMebibytes(backlog)} of ${mebibytes} MiB are appended; the heap is ${inMebibytes(memory.heap)} MiB`);
  }
  return looks;
}

function inMebibytes(bytes: number): string {
  return (bytes / 1_024 / 1_024).toFixed(1);
}

/** The check of the relay's lag. No event is too few to complain of. */
async function lagIn(store: EventStore): Promise<SaidByHealth> {
  const { checks } = await store.health({ maxLag: { [relayName]: 0 } });
  const found = checks.find(({ name }) => name === `lag of ${relayName}`);
  if (!found) throw new Error("health does not know the relay.");
  return { status: found.status, value: found.value, advice: found.advice };
}

/** Resolves once the relay has passed the last event. Rejects where nothing is published for minutes. */
async function untilAllPublished(
  store: EventStore,
  broker: Redis,
  progress: (text: string) => void,
): Promise<{ readonly firstAt: number; readonly lastAt: number }> {
  const before = await until("the broker answers", () => countArrivals(broker.url, relayName).catch(() => undefined));
  let firstAt: number | undefined;
  for (let last = before; ;) {
    const now = await until("the relay publishes more, or is at the end", async () => {
      const count = await countArrivals(broker.url, relayName);
      if (count > last) return count;
      return (await store.relays.get(relayName)).lag.events === 0 ? "end" : undefined;
    });
    if (now === "end") return { firstAt: firstAt ?? Date.now(), lastAt: Date.now() };
    firstAt ??= Date.now();
    last = now;
    progress(`${now} messages are at the broker`);
  }
}

async function readLog(store: EventStore): Promise<OutageRecord["log"]> {
  const log: [string, string, number, string][] = [];
  for await (const { id, streamId, position, data } of store.readAll()) log.push([id, streamId, position, digestOf(data)]);
  return log;
}
