import { documentProjection, type DocumentProjection } from "tidemark";

/** What a projection makes of a stream: how many events it has, and the last one's number. */
export interface Summary {
  readonly count: number;
  readonly last: number;
}

function summaries(mode: "inline" | "async"): DocumentProjection<Summary> {
  return documentProjection<Summary>({
    name: `fuzz-${mode}`,
    version: 1,
    mode,
    collection: `fuzz_${mode}`,
    handles: ["ItemAdded", "ItemRemoved", "CartConfirmed"],
    documentId: ({ streamId }) => streamId,
    evolve: (document, { data }) => ({ count: (document?.count ?? 0) + 1, last: numberOf(data) }),
  });
}

function numberOf(data: unknown): number {
  return typeof data === "object" && data !== null && "n" in data && typeof data.n === "number" ? data.n : -1;
}

export const inlineSummaries: DocumentProjection<Summary> = summaries("inline");
export const asyncSummaries: DocumentProjection<Summary> = summaries("async");
