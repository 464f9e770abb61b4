import type { Reading } from "../tracing/messages.ts";
import { reading } from "../tracing/operations.ts";
import type { TracedPlace } from "../tracing/traced-store.ts";
import type { Pages } from "./pages.ts";

/** Makes an operation of each page of a reading, where somebody listens when it begins. */
export type TracePages = <T>(pages: Pages<T>, subject: Reading) => Pages<T>;

/** @param place - Undefined: nothing is traced. */
export function tracePages(place: TracedPlace | undefined): TracePages {
  return (pages, subject) => {
    if (!place || !reading.isTraced) return pages;
    return {
      next: () =>
        reading.trace(
          place,
          () => ({ ...subject }),
          () => pages.next(),
          ({ rows }) => ({ result: { events: rows } }),
        ),
    };
  };
}
