import { wholeNumber } from "../arguments/checks.ts";
import type { Event, RecordedEvent } from "../model/event.ts";
import { eachOf, type Pages, readAhead } from "./pages.ts";
import type { EventSequence } from "./types.ts";

const checkSize = wholeNumber(1);

/** @param open - Starts a new reading; called once for each iteration. */
export function createSequence<E extends Event>(open: () => Pages<RecordedEvent<E>>, signal: AbortSignal | undefined): EventSequence<E> {
  return {
    [Symbol.asyncIterator]: () => eachOf(open(), signal),
    async toArray() {
      const all: RecordedEvent<E>[] = [];
      for await (const page of readAhead(open(), signal)) {
        for (const event of page) all.push(event);
      }
      return all;
    },
    batches(size) {
      const checked = checkSize(size, "size");
      return { [Symbol.asyncIterator]: () => inBatches(readAhead(open(), signal), checked, signal) };
    },
  };
}

async function* inBatches<T>(pages: AsyncIterable<readonly T[]>, size: number, signal: AbortSignal | undefined): AsyncGenerator<readonly T[], void, undefined> {
  let batch: T[] = [];
  for await (const page of pages) {
    for (const item of page) {
      batch.push(item);
      if (batch.length < size) continue;
      signal?.throwIfAborted();
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
