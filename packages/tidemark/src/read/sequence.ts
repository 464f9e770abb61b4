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

/** What one stored event became stays in one batch, as it stays in one page: who stores where a batch ends would lose the rest of it. */
async function* inBatches<E extends Event>(
  pages: AsyncIterable<readonly RecordedEvent<E>[]>,
  size: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly RecordedEvent<E>[], void, undefined> {
  let batch: RecordedEvent<E>[] = [];
  let stored = 0;
  for await (const page of pages) {
    let next = 0;
    for (const event of page) {
      next++;
      if (batch.at(-1)?.position !== event.position) stored++;
      batch.push(event);
      if (stored < size || page[next]?.position === event.position) continue;
      signal?.throwIfAborted();
      yield batch;
      batch = [];
      stored = 0;
    }
  }
  if (batch.length > 0) yield batch;
}
