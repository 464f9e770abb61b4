import { type DurationMetrics, Durations } from "../counters/durations.ts";
import { Occupancy } from "../counters/occupancy.ts";

/**
 * The connections of a store, in this process.
 *
 * @example
 * ```ts
 * const short = ({ waiting, utilization }: PoolMetrics): boolean => waiting > 0 && utilization > 0.9;
 * ```
 */
export interface PoolMetrics {
  /** The most connections. */
  readonly max: number;
  /** The most that this store opens: `max`, two for leases and wake-ups, and one that listens. */
  readonly most: number;
  /** Those that are open. */
  readonly size: number;
  readonly idle: number;
  /** Those that calls of this store have now. */
  readonly inUse: number;
  /** The most of them at once, since the store was opened. */
  readonly peak: number;
  /** Calls that wait for one, also those of others who share the pool. */
  readonly waiting: number;
  /** Calls that got none in time, since the store was opened. */
  readonly timeouts: number;
  /** From 0 to 1: how much of `max` this store's calls had in use, over the last one to two minutes. */
  readonly utilization: number;
  /** How long calls waited for a connection. */
  readonly acquisition: DurationMetrics;
}

/** What a pool knows of itself. */
export type PoolState = Pick<PoolMetrics, "max" | "most" | "size" | "idle" | "waiting">;

/** Counts what becomes of the calls that want a connection. */
export class PoolCounters {
  readonly #acquisition = new Durations();
  readonly #occupancy = new Occupancy();
  #timeouts = 0;

  /** Waits for a connection. */
  async acquiring<T>(acquire: () => Promise<T>, isTimeout: (error: unknown) => boolean): Promise<T> {
    const asked = performance.now();
    try {
      const acquired = await acquire();
      const now = performance.now();
      this.#acquisition.add(now - asked, now);
      this.#occupancy.taken(now);
      return acquired;
    } catch (error) {
      if (isTimeout(error)) this.#timeouts++;
      throw error;
    }
  }

  released(): void {
    this.#occupancy.left();
  }

  metrics({ max, most, size, idle, waiting }: PoolState): PoolMetrics {
    return {
      max,
      most,
      size,
      idle,
      inUse: this.#occupancy.inUse,
      peak: this.#occupancy.peak,
      waiting,
      timeouts: this.#timeouts,
      utilization: this.#occupancy.mean / max,
      acquisition: this.#acquisition.metrics(),
    };
  }
}
