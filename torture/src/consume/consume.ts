import { setTimeout as delay } from "node:timers/promises";
import type { EventStore, Relay, TidemarkError, Worker } from "tidemark";
import { errands } from "../errands/errands.ts";
import { consumptionsOf, leaseMs } from "./consumers.ts";
import type { Code } from "../shapes/code.ts";

/** Runs the consumers, the process and relays until the store closes. The server may be away when it starts. */
export async function consume(
  store: EventStore,
  code: Code,
  stopping: AbortSignal,
  relays: readonly Relay[] = [],
  onError: (error: TidemarkError) => void = () => undefined,
): Promise<Worker | undefined> {
  const consumers = consumptionsOf(code).map(({ consumer }) => consumer);
  const worker = store.createWorker({ consumers, processes: [errands()], relays, leaseMs, onError });
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
