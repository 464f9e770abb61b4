/** How far back a rate looks. */
const seconds = 60;

/** Counts what happens, and how often a second it did over the last minute. */
export class Rate {
  readonly #now: () => number;
  readonly #since: number;
  /** What was counted in each of the last seconds, by the second modulo their number. */
  readonly #counts = new Float64Array(seconds);
  #second: number;
  #total = 0;

  /** @param now - In milliseconds, never going back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#since = now();
    this.#second = Math.floor(this.#since / 1_000);
  }

  get total(): number {
    return this.#total;
  }

  /** Over the last minute, or since the start where that is later. */
  get perSecond(): number {
    this.#advance(this.#now());
    const sum = this.#counts.reduce((all, count) => all + count, 0);
    return sum / Math.min(seconds, Math.max(1, (this.#now() - this.#since) / 1_000));
  }

  /** @param now - Where the caller has just asked. */
  add(count = 1, now: number = this.#now()): void {
    this.#advance(now);
    this.#total += count;
    this.#counts[this.#second % seconds] = (this.#counts[this.#second % seconds] ?? 0) + count;
  }

  /** Forgets the seconds that went by, of which nothing may be counted again. */
  #advance(now: number): void {
    const second = Math.floor(now / 1_000);
    if (second === this.#second) return;
    const passed = Math.min(seconds, second - this.#second);
    for (let one = 1; one <= passed; one++) this.#counts[(this.#second + one) % seconds] = 0;
    // Where more than a minute passed, all were forgotten, whatever their place.
    this.#second = second;
  }
}
