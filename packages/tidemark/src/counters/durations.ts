/** Each bucket is so much wider than the one before it, and so far off a percentile may be. */
const growth = 1.1;
/** The upper end of the first bucket, in milliseconds. */
const finest = 0.01;
/** The last one begins at a quarter of an hour, and has no end. */
const buckets = 194;
/** A duration counts for so long at least, and for twice as long at most. */
const windowMs = 60_000;

/**
 * How long something took of late.
 *
 * @example
 * ```ts
 * const slow = ({ p99Ms }: DurationMetrics): boolean => (p99Ms ?? 0) > 100;
 * ```
 */
export interface DurationMetrics {
  /** How many there were in the last one to two minutes: of these the others tell. */
  readonly count: number;
  /** Null: there was none. */
  readonly meanMs: number | null;
  /** 99 of 100 took at most so long, to within a tenth. Null: there was none. */
  readonly p99Ms: number | null;
  readonly mostMs: number | null;
}

class Window {
  readonly counts: Uint32Array = new Uint32Array(buckets);
  count = 0;
  sumMs = 0;
  mostMs = 0;
}

/** Collects durations: memory and time do not depend on how many there are. */
export class Durations {
  readonly #now: () => number;
  #current = new Window();
  #before = new Window();
  #since: number;

  /** @param now - In milliseconds, never going back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#since = now();
  }

  /** @param now - Where the caller has just asked. */
  add(ms: number, now: number = this.#now()): void {
    this.#turn(now);
    const { counts } = this.#current;
    const bucket = ms <= finest ? 0 : Math.min(buckets - 1, Math.ceil(Math.log(ms / finest) / Math.log(growth)));
    counts[bucket] = (counts[bucket] ?? 0) + 1;
    this.#current.count++;
    this.#current.sumMs += ms;
    this.#current.mostMs = Math.max(this.#current.mostMs, ms);
  }

  metrics(): DurationMetrics {
    this.#turn(this.#now());
    const count = this.#current.count + this.#before.count;
    if (count === 0) return { count, meanMs: null, p99Ms: null, mostMs: null };
    const mostMs = Math.max(this.#current.mostMs, this.#before.mostMs);
    return { count, meanMs: (this.#current.sumMs + this.#before.sumMs) / count, p99Ms: Math.min(mostMs, this.#percentile(count, 0.99)), mostMs };
  }

  #percentile(count: number, part: number): number {
    let seen = 0;
    for (let bucket = 0; bucket < buckets; bucket++) {
      seen += (this.#current.counts[bucket] ?? 0) + (this.#before.counts[bucket] ?? 0);
      if (seen >= count * part) return bucket === buckets - 1 ? Number.POSITIVE_INFINITY : finest * growth ** bucket;
    }
    return Number.POSITIVE_INFINITY;
  }

  #turn(now: number): void {
    const passed = now - this.#since;
    if (passed < windowMs) return;
    this.#before = passed < 2 * windowMs ? this.#current : new Window();
    this.#current = new Window();
    this.#since = now;
  }
}
