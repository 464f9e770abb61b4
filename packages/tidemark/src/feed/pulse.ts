import type { Bell } from "../async/bell.ts";
import { pause } from "../async/pause.ts";
import type { FollowTimes } from "./times.ts";

/** When the tail looks at the log: at each ring of the bell, and, since a ring can get lost, at intervals that grow while nothing is found. */
export class Pulse {
  readonly #bell: Bell;
  readonly #times: FollowTimes;
  #intervalMs = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(bell: Bell, times: FollowTimes) {
    this.#bell = bell;
    this.#times = times;
  }

  /** Resolves when it is time to look. */
  async rest(found: boolean, signal: AbortSignal): Promise<void> {
    const { quickMs, slowMs, leastMs } = this.#times;
    this.#intervalMs = found ? quickMs : Math.min(slowMs, this.#intervalMs * 2);
    if (await this.#bell.wait(this.#intervalMs, signal)) this.#intervalMs = quickMs;
    const early = this.#lookedAt + leastMs - performance.now();
    if (early > 0) await pause(early, signal);
    this.#bell.silence();
    this.#lookedAt = performance.now();
  }
}
