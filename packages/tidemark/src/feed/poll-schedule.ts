import type { Signal } from "../async/signal.ts";
import { pause } from "../async/pause.ts";
import type { FollowTimings } from "./timings.ts";

/** When the tail looks at the log: after each notification, and, since one can get lost, at intervals that grow while nothing is found. */
export class PollSchedule {
  readonly #committed: Signal;
  readonly #timings: FollowTimings;
  #intervalMs = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(committed: Signal, timings: FollowTimings) {
    this.#committed = committed;
    this.#timings = timings;
  }

  /** Resolves when it is time to look. */
  async wait(found: boolean, signal: AbortSignal): Promise<void> {
    const { quickMs, slowMs, leastMs } = this.#timings;
    this.#intervalMs = found ? quickMs : Math.min(slowMs, this.#intervalMs * 2);
    if (await this.#committed.wait({ ms: this.#intervalMs, abort: signal })) this.#intervalMs = quickMs;
    const early = this.#lookedAt + leastMs - performance.now();
    if (early > 0) await pause(early, signal);
    this.#committed.clear();
    this.#lookedAt = performance.now();
  }
}
