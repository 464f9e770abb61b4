/** What is known of the use of places: over the last one to two minutes. */
const windowMs = 60_000;

interface Window {
  readonly since: number;
  /** Places in use times milliseconds. */
  used: number;
}

/** How many of some places are in use: now, at most, and on average of late. */
export class Occupancy {
  readonly #now: () => number;
  #current: Window;
  #before: Window;
  #inUse = 0;
  #peak = 0;
  #changedAt: number;

  /** @param now - In milliseconds, never going back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#changedAt = now();
    this.#current = { since: this.#changedAt, used: 0 };
    this.#before = this.#current;
  }

  get inUse(): number {
    return this.#inUse;
  }

  /** The most at once since the start. */
  get peak(): number {
    return this.#peak;
  }

  /** The mean of those in use over the last one to two minutes. */
  get mean(): number {
    this.#account(this.#now());
    const { since } = this.#before;
    const used = this.#current.used + (this.#before === this.#current ? 0 : this.#before.used);
    const passed = this.#now() - since;
    return passed > 0 ? used / passed : this.#inUse;
  }

  /** @param now - Where the caller has just asked. */
  taken(now: number = this.#now()): void {
    this.#account(now);
    this.#peak = Math.max(this.#peak, ++this.#inUse);
  }

  left(): void {
    this.#account(this.#now());
    this.#inUse--;
  }

  #account(now: number): void {
    this.#current.used += this.#inUse * (now - this.#changedAt);
    this.#changedAt = now;
    if (now - this.#current.since < windowMs) return;
    this.#before = this.#current;
    this.#current = { since: now, used: 0 };
  }
}
