import { documentProjection, type DocumentProjection } from "tidemark";
import { OwnError } from "./call.ts";
import { eventTypes } from "./model.ts";

/** What a projection makes of a stream: how many events it has, and the last one's number. */
export interface Summary {
  readonly count: number;
  readonly last: number;
}

/** The type of an event that has no document: an append of it is refused as late as one can be, when its events are written. */
export const unprojectable = "Unprojectable";

function summaries(mode: "inline" | "async", handles: readonly string[]): DocumentProjection<Summary> {
  return documentProjection<Summary>({
    name: `fuzz-${mode}`,
    version: 1,
    mode,
    collection: `fuzz_${mode}`,
    handles,
    documentId: ({ streamId }) => streamId,
    evolve(document, { type, data }) {
      if (type === unprojectable) throw new OwnError("this event has no document");
      return { count: (document?.count ?? 0) + 1, last: numberOf(data) };
    },
  });
}

function numberOf(data: unknown): number {
  return typeof data === "object" && data !== null && "n" in data && typeof data.n === "number" ? data.n : -1;
}

export const inlineSummaries: DocumentProjection<Summary> = summaries("inline", [...eventTypes, unprojectable]);
export const asyncSummaries: DocumentProjection<Summary> = summaries("async", eventTypes);
