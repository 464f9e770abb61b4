import { PoolTimeoutError } from "../errors/errors.ts";
import type { Limits } from "./verdict.ts";

/** The waiting line for something that one at a time may use. */
export interface QueueOfOne {
  /** Waits for the turn; call what it returns when done. Rejects with the signal's reason, or when the time is up. */
  enter(limits: Limits): Promise<() => void>;
}

export function createQueueOfOne(): QueueOfOne {
  const waiting = new Set<() => void>();
  let busy = false;

  function leave(): void {
    const [next] = waiting;
    if (next) next();
    else busy = false;
  }

  return {
    async enter({ signal, timeoutMs }) {
      signal?.throwIfAborted();
      if (!busy) {
        busy = true;
        return leave;
      }
      return await new Promise((resolve, reject) => {
        const settle = (how: () => void): void => {
          waiting.delete(start);
          clearTimeout(timer);
          signal?.removeEventListener("abort", onAbort);
          how();
        };
        const start = (): void => settle(() => resolve(leave));
        const onAbort = (): void => settle(() => reject(signal?.reason));
        const timer = timeoutMs > 0 ? setTimeout(() => settle(() => reject(new PoolTimeoutError(timeoutMs, 1))), timeoutMs) : undefined;
        signal?.addEventListener("abort", onAbort, { once: true });
        waiting.add(start);
      });
    },
  };
}
