/** How much a build may keep to itself. */
export interface FlushLimits {
  /** What its documents may take in memory, in bytes, roughly. Of each projection. */
  readonly memoryBytes: number;
  /** How long work may be lost that a killed process had done; twice as long near its end. */
  readonly flushEveryMs: number;
}

/** So many times as long as a flush takes there is none, however often one is asked for. */
const flushShare = 8;

/** When a build writes what it has folded, on its way from one position of the log to another. */
export class FlushSchedule {
  readonly #limits: FlushLimits;
  readonly #from: number;
  readonly #began = performance.now();
  #flushedAt = performance.now();
  #tookMs = 0;

  constructor(limits: FlushLimits, from: number) {
    this.#limits = limits;
    this.#from = from;
  }

  /** @param documents - What they take in memory, in bytes, and what of that is not written. */
  isDue({ bytes, changedBytes }: { readonly bytes: number; readonly changedBytes: number }, reached: number, until: number): boolean {
    const { flushEveryMs, memoryBytes } = this.#limits;
    if (bytes > memoryBytes || changedBytes > memoryBytes / 2) return true;
    const now = performance.now();
    const sinceMs = now - this.#flushedAt;
    if (sinceMs <= Math.max(flushEveryMs, flushShare * this.#tookMs)) return false;
    // Near the end it is left to the flush that comes there, which would write most of these documents once more.
    const remainingMs = ((now - this.#began) / (reached - this.#from)) * (until - reached);
    return remainingMs > flushEveryMs || sinceMs > 2 * flushEveryMs;
  }

  /** A flush begins. */
  begin(): void {
    this.#flushedAt = performance.now();
  }

  /** It is committed. */
  end(): void {
    this.#tookMs = performance.now() - this.#flushedAt;
  }
}
