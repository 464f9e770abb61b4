import { keepCaller } from "../errors/caller-frames.ts";

/** One page of a reading. It may be empty without being the last: a window of the log in which nothing matched. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly last: boolean;
}

/** One reading. `next` is called again only when the page before has come and was not the last. */
export interface Pages<T> {
  next(): Promise<Page<T>>;
}

/** Yields what `pages` brings, and asks for the next page before it hands out this one. */
export async function* readAhead<T>(pages: Pages<T>, signal: AbortSignal | undefined): AsyncGenerator<readonly T[], void, undefined> {
  let coming = pages.next();
  try {
    for (;;) {
      // Here, not where it was asked for: it was not awaited yet.
      const { items, last } = await keepCaller(coming);
      if (!last) {
        coming = pages.next();
        // Heard where it is awaited; until then a failure must not count as unhandled.
        coming.catch(() => {});
      }
      signal?.throwIfAborted();
      if (items.length > 0) yield items;
      if (last) return;
    }
  } finally {
    // The reader left early. The page under way is short, and to cancel it would abort a transaction that it runs in.
    await coming.catch(() => {});
  }
}

/** The items of all pages one by one. */
export async function* eachOf<T>(pages: Pages<T>, signal?: AbortSignal): AsyncGenerator<T, void, undefined> {
  for await (const items of readAhead(pages, signal)) {
    for (const item of items) {
      signal?.throwIfAborted();
      yield item;
    }
  }
}
