/** What one contestant did in one measurement. */
export interface Sample {
  readonly events: number;
  readonly seconds: number;
  /** Of each call, in milliseconds. */
  readonly latencies: readonly number[];
}

/** One call, which resolves with the events it wrote or read: none where it gave up because it was told to. */
export type Call = (giveUp: AbortSignal) => Promise<number>;

/**
 * `callers` loops that each wait for one call before they make the next, for `seconds`. A call that is under way at the end
 * is waited for and counted, with its time. One that loses race after race may give up after as long again.
 */
export async function callInLoops(callers: number, seconds: number, call: Call): Promise<Sample> {
  const latencies: number[] = [];
  let events = 0;
  const start = performance.now();
  const end = start + seconds * 1_000;
  const giveUp = AbortSignal.timeout(seconds * 2_000);
  async function loop(): Promise<void> {
    for (let before = performance.now(); before < end;) {
      // Not `events += await …`, which adds to what `events` was before the wait.
      const done = await call(giveUp);
      events += done;
      const after = performance.now();
      latencies.push(after - before);
      before = after;
    }
  }
  await Promise.all(Array.from({ length: callers }, loop));
  return { events, seconds: (performance.now() - start) / 1_000, latencies };
}
