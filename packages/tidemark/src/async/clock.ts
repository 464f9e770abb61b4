/** What a keeper takes its time from. Its tests have one that stands still between events. */
export interface Clock {
  /** Milliseconds of a clock that cannot be set: only differences mean something. */
  now(): number;
  /** Calls `work` once, that much later. Returns the way to call it off. */
  after(ms: number, work: () => void): () => void;
  /** Calls `work` again and again. Returns the way to end it. */
  every(ms: number, work: () => void): () => void;
}

/** Keeps no process running: see `keepProcess`. */
export const monotonicClock: Clock = {
  now: () => performance.now(),
  after(ms, work) {
    const timer = setTimeout(work, ms).unref();
    return () => clearTimeout(timer);
  },
  every(ms, work) {
    const timer = setInterval(work, ms).unref();
    return () => clearInterval(timer);
  },
};
