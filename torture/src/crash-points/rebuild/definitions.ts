import { documentProjection, type DocumentProjection, type Event } from "tidemark";

export type Mode = "inline" | "async";

/** What is appended while a version is built, checked, swapped and dropped. */
export type Happened = Event<"Happened", { readonly place: number }>;

/** What the events of a stream come to, and which version made the document. */
interface Count {
  readonly events: number;
  readonly versions: number;
  readonly by: number;
}

/** Versions differ in what they say of themselves, so that a document shows which one made it. */
export function counts(mode: Mode, version: number, rebuild: "auto" | "manual" = "auto"): DocumentProjection<Count> {
  return documentProjection<Count, Happened, "Happened">({
    name: "counts",
    version,
    mode,
    rebuild,
    collection: "counts",
    handles: ["Happened"],
    documentId: ({ streamId }) => streamId,
    evolve: (document, { version: place }) => ({ events: (document?.events ?? 0) + 1, versions: (document?.versions ?? 0) + place, by: version }),
  });
}

export const schema = "rebuilt";
export const streams = ["stream-1", "stream-2", "stream-3"] as const;
