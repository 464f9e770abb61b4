import type { EventStore, Process, TidemarkError, Worker } from "tidemark";
import { test as base } from "../support/test.ts";

export interface StartedWorker {
  readonly worker: Worker;
  readonly errors: TidemarkError[];
}

/**
 * Tests of processes.
 *
 * `start`: starts a worker for processes, with a short lease; stopped after the test.
 */
export const test = base.extend("start", ({ application }, { onCleanup }) => {
  const started: Worker[] = [];
  onCleanup(async () => {
    await Promise.all(started.map((worker) => worker.stop()));
  });
  return async (processes: Process | readonly Process[], options: { readonly on?: EventStore; readonly leaseMs?: number } = {}): Promise<StartedWorker> => {
    const errors: TidemarkError[] = [];
    const worker = (options.on ?? application).createWorker({
      processes: Array.isArray(processes) ? processes : [processes],
      leaseMs: options.leaseMs ?? 2_000,
      onError: (error) => void errors.push(error),
    });
    started.push(worker);
    await worker.start();
    return { worker, errors };
  };
});

export { describe, eventually, expect } from "../support/test.ts";
