import { setTimeout as delay } from "node:timers/promises";
import type { EventStore, TidemarkError, Worker } from "tidemark";
import { consumptions } from "./consumers.ts";

/** Shorter than some freezes of a worker, so that shards change hands under owners who do not know it. */
const leaseMs = 2_000;

/** Runs the consumers until the store closes. The server may be away when it starts. */
export async function consume(
  store: EventStore,
  stopping: AbortSignal,
  onError: (error: TidemarkError) => void = () => undefined,
): Promise<Worker | undefined> {
  const worker = store.createWorker({ consumers: consumptions.map(({ consumer }) => consumer), leaseMs, onError });
  while (!stopping.aborted) {
    try {
      await worker.start();
      return worker;
    } catch {
      await delay(100);
    }
  }
  return undefined;
}
