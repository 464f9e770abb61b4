import { setTimeout as delay } from "node:timers/promises";
import type { EventStore, TidemarkError, Worker } from "tidemark";
import { errands } from "../errands/errands.ts";
import { consumptionsOf, leaseMs } from "./consumers.ts";
import type { Code } from "../shapes/code.ts";

/** Runs the consumers and the process until the store closes. The server may be away when it starts. */
export async function consume(
  store: EventStore,
  code: Code,
  stopping: AbortSignal,
  onError: (error: TidemarkError) => void = () => undefined,
): Promise<Worker | undefined> {
  const worker = store.createWorker({ consumers: consumptionsOf(code).map(({ consumer }) => consumer), processes: [errands()], leaseMs, onError });
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
