import { setTimeout as delay } from "node:timers/promises";
import type { EventStore, Worker } from "tidemark";
import { leaseMs } from "../consume/consumers.ts";
import { administer } from "../faults/fault.ts";
import type { ErrandsLeft } from "../history/final.ts";
import { errands } from "./errands.ts";
import { parkedErrands, readErrands, unfinishedErrands } from "./read-errands.ts";

const patienceMs = 240_000;

/**
 * A fresh worker issues what the dead ones left, and fires their timers. Then code that takes poison runs the process, and the instances that
 * were parked go on. Everything else was done by code that parks them.
 */
export async function runErrandsToTheEnd(store: EventStore, url: string, schema: string): Promise<ErrandsLeft> {
  const stuck: string[] = [];
  const run = async (mended: boolean, begin: () => Promise<unknown>): Promise<void> => {
    const worker = store.createWorker({ processes: [errands({ mended })], leaseMs, onError: () => undefined });
    try {
      await worker.start();
      await begin();
      await settled(worker, store, () => administer(url, (client) => unfinishedErrands(client, schema)));
    } catch (error) {
      stuck.push(String(error));
    } finally {
      await worker.stop();
    }
  };
  await run(false, async () => undefined);
  const parked = await administer(url, (client) => parkedErrands(client, schema));
  await run(true, () => Promise.all(parked.map(([instance]) => store.processes.retry("errands", instance))));
  return { ...(await administer(url, (client) => readErrands(client, schema))), parked, ...(stuck.length > 0 && { stuck: stuck.join("; ") }) };
}

/** A timer is an input of its own when it has fired, and that may set another one. */
async function settled(worker: Worker, store: EventStore, unfinished: () => Promise<{ readonly timers: number; readonly commands: number }>): Promise<void> {
  for (const until = performance.now() + patienceMs; ; await delay(50)) {
    const before = await store.highWaterMark();
    await worker.caughtUp({ timeoutMs: patienceMs });
    const { timers, commands } = await unfinished();
    if (timers + commands === 0 && (await store.highWaterMark()) === before) return;
    if (performance.now() > until) throw new Error(`After ${patienceMs / 1_000} s ${timers} timers and ${commands} commands of the process are left.`);
  }
}
