import { setImmediate as turn } from "node:timers/promises";
import { keepCaller, withCaller } from "../errors/caller-frames.ts";

/** One page of a reading. It may be empty without being the last: a window of the log in which nothing matched. */
export interface Page<T> {
  readonly last: boolean;
  /** How many the database returned. */
  readonly rows: number;
  /** Decodes the page, where that is still to be done. Called once. */
  decode(): DecodedPage<T>;
}

export interface DecodedPage<T> {
  readonly items: readonly T[];
  /** Why what comes after these items could not be decoded. */
  readonly failure?: { readonly error: unknown } | undefined;
}

/** One reading. `next` is called again only when the page before has come and was not the last. */
export interface Pages<T> {
  next(): Promise<Page<T>>;
}

/**
 * Yields what `pages` brings, and asks for the next page before it decodes this one and hands it out: the database makes one page while
 * this process works on the other. Decoding takes about as long as the database does, and much longer with steps of a catalogue.
 */
export async function* readAhead<T>(pages: Pages<T>, signal: AbortSignal | undefined): AsyncGenerator<readonly T[], void, undefined> {
  let coming = pages.next();
  try {
    for (;;) {
      // Here, not where it was asked for: it was not awaited yet.
      const page = await keepCaller(coming);
      if (!page.last) {
        coming = pages.next();
        // Heard where it is awaited; until then a failure must not count as unhandled.
        coming.catch(() => {});
        // The statement is sent once a connection is there. Decoding at once would hold it up.
        await turn();
      }
      const { items, failure } = page.decode();
      signal?.throwIfAborted();
      if (items.length > 0) yield items;
      if (failure) throw withCaller(failure.error);
      if (page.last) return;
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
