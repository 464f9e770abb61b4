import { documentProjection, type DocumentProjection, type Event, type EventStore, type StartFrom } from "tidemark";

export type Added = Event<"Added", { readonly to: string; readonly text?: string; readonly poison?: string }>;

export interface Sum {
  readonly count: number;
  readonly text?: string;
}

export interface SumOptions {
  readonly version?: number;
  readonly mode?: "inline" | "async";
  readonly unique?: boolean;
  readonly indexed?: boolean;
  /** What each event adds. @defaultValue 1 */
  readonly by?: number;
  readonly startFrom?: StartFrom;
  /** The only one whose events it gets. */
  readonly stream?: string;
}

/** How often something was added to a document. An event may fail in any function. */
export function sums(
  name: string,
  { version = 1, mode = "async", unique = false, indexed = false, by = 1, startFrom, stream }: SumOptions = {},
): DocumentProjection<Sum> {
  return documentProjection<Sum, Added>({
    name,
    version,
    mode,
    collection: name,
    ...(startFrom !== undefined && { startFrom }),
    ...(stream !== undefined && { filter: { streamIds: [stream] } }),
    indexes: unique || indexed ? [{ path: "text", unique }] : [],
    documentId: ({ data }) => {
      if (data.poison === "documentId") throw new Error("no id for it");
      return data.to;
    },
    evolve: {
      Added: (document, { data }) => {
        if (data.poison === "evolve") throw new Error("cannot add it");
        const text = data.text ?? document?.text;
        const next = { count: (document?.count ?? 0) + by, ...(text !== undefined && { text }) };
        return data.poison === "document" ? { ...next, count: Number.NaN } : next;
      },
    },
  });
}

/** Appends so many events for so many documents, each of which has a text of its own. */
export async function fill(store: EventStore, count: number, documents = 50): Promise<void> {
  const events = Array.from({ length: count }, (_, n): Added => ({ type: "Added", data: { to: `d-${n % documents}`, text: `${n % documents}` } }));
  for (let at = 0; at < count; at += 500) await store.appendToStream(`s-${at % 7}`, events.slice(at, at + 500));
}
