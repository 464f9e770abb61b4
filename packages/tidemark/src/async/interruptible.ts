import { withCaller } from "../errors/caller-frames.ts";

/**
 * An iterator over what `open` generates, which can be left while it waits: a generator's own `return` only runs when what it
 * waits for has come, and in a live subscription that may be never. An abort rejects with the signal's reason.
 */
export function interruptible<T>(
  open: (ended: AbortSignal) => AsyncGenerator<T, void, undefined>,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<T, void, undefined> {
  const ended = new AbortController();
  const onAbort = (): void => ended.abort(signal?.reason);
  const forget = (): void => signal?.removeEventListener("abort", onAbort);
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted) onAbort();
  const events = open(ended.signal);
  let left = false;
  return {
    async next() {
      try {
        const result = await events.next();
        if (result.done) forget();
        return left ? { done: true, value: undefined } : result;
      } catch (error) {
        forget();
        if (left) return { done: true, value: undefined };
        throw withCaller(error);
      }
    },
    async return() {
      left = true;
      forget();
      ended.abort();
      await events.return();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
