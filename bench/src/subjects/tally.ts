import { documentProjection, type DocumentProjection } from "tidemark";
import { eventType } from "../payload.ts";

/** A document of the size that applications have, which every event changes. */
export interface Tally {
  readonly events: number;
  readonly quantity: number;
  readonly last: string;
}

/** What one event makes of a document, for every contestant alike. */
export function evolve(document: Tally | null | undefined, id: string): Tally {
  return { events: (document?.events ?? 0) + 1, quantity: (document?.quantity ?? 0) + 2, last: id };
}

/** One document a stream. */
export function tally(mode: "inline" | "async", version = 1): DocumentProjection<Tally> {
  return documentProjection<Tally>({
    name: `tally-${mode}`,
    version,
    mode,
    collection: `tally_${mode}`,
    handles: [eventType],
    documentId: ({ streamId }) => streamId,
    evolve: (document, { id }) => evolve(document, id),
  });
}
