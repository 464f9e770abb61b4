import type { Bell } from "./bell.ts";
import { pause } from "./pause.ts";

/** While something happens, and after each ring. */
const quickMs = 50;
/** What a lost ring costs at most, and an idle process once. */
const slowMs = 1_000;
/** Between two looks, however often it rings: 100 marks a second cost the writers nothing that can be measured, 1,000 a sixth. */
const leastMs = 8;

/** When the tail looks at the log: at each ring of the bell, and, since a ring can get lost, at intervals that grow while nothing is found. */
export class Pulse {
  readonly #bell: Bell;
  #intervalMs = quickMs;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(bell: Bell) {
    this.#bell = bell;
  }

  /** Resolves when it is time to look. */
  async rest(found: boolean, signal: AbortSignal): Promise<void> {
    this.#intervalMs = found ? quickMs : Math.min(slowMs, this.#intervalMs * 2);
    if (await this.#bell.wait(this.#intervalMs, signal)) this.#intervalMs = quickMs;
    const early = this.#lookedAt + leastMs - performance.now();
    if (early > 0) await pause(early, signal);
    this.#bell.silence();
    this.#lookedAt = performance.now();
  }
}
