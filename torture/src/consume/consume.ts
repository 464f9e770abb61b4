import { setTimeout as delay } from "node:timers/promises";
import type { EventStore, TidemarkError, Worker } from "tidemark";
import { consumptions, leaseMs } from "./consumers.ts";

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
