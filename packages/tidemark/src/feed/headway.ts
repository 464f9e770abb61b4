/** So many times as fast as the log grows its reader comes to the end in at most the time that the log took to grow as long. */
const least = 2;
/** Of the time, for a reader that is fast enough with it. */
export const leastShare = 0.2;
const stepEveryMs = 250;
/** From one step to the next: to all of the time in a second. */
const step = 1.5;

/** How fast a reader of the log comes forward, since it began, and how much of the time it takes for that. */
export class Headway {
  readonly #from: number;
  readonly #began = performance.now();
  #reached: number;
  #share = leastShare;
  #steppedAt = Number.NEGATIVE_INFINITY;

  /** @param from - Where it begins. */
  constructor(from: number) {
    this.#from = this.#reached = from;
  }

  reached(position: number): void {
    this.#reached = position;
  }

  /**
   * Its share of the time: more, step by step up to all of it, while it is not twice as fast as the log grows. At once all of it would
   * be felt by the appends that it runs after.
   *
   * @param growth - Of the log, in positions a second.
   */
  share(growth: number): number {
    const now = performance.now();
    const seconds = (now - this.#began) / 1_000;
    // In less than a second, one page more or less is a large part of it.
    if (seconds < 1 || now - this.#steppedAt < stepEveryMs) return this.#share;
    this.#steppedAt = now;
    const enough = this.#reached - this.#from >= least * growth * seconds;
    this.#share = enough ? Math.max(leastShare, this.#share / step) : Math.min(1, this.#share * step);
    return this.#share;
  }
}
