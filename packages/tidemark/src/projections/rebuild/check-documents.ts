import { decodedParts, type EventDecoder } from "../../catalogue/event-codec.ts";
import type { RecordedEvent } from "../../model/event.ts";
import type { DefinedDocumentProjection } from "../defined-projection.ts";
import type { StoredDocument } from "../../documents/collection-table.ts";
import type { Bucket } from "./bucket.ts";
import { type DocumentDifference, PlainFold } from "./plain-fold.ts";
import type { CollectionSize } from "./stored-bucket.ts";

/** About so many documents are compared where nobody says how many. */
export const defaultSample = 1_000;
/** What is compared at once, of a table's bytes. */
const bytesAtOnce = 32 * 1024 * 1024;
const documentsAtOnce = 50_000;
/** Differences that are told of. */
const mostTold = 10;

/** Documents, and the log that they are made of, at one place: neither may change while a part is compared. */
export interface CheckedCollection {
  size(): Promise<CollectionSize>;
  /** Calls `work` with the documents of a bucket, and the stored events that they are made of. */
  withBucket<T>(bucket: Bucket, work: (stored: readonly StoredDocument[], events: AsyncIterable<readonly RecordedEvent[]>) => Promise<T>): Promise<T>;
}

/**
 * What a comparison of documents with the log came to.
 *
 * @example
 * ```ts
 * const found: DocumentCheck = await store.projections.check("cart-summary");
 * if (found.different > 0) console.error(found.differences);
 * ```
 */
export interface DocumentCheck {
  /** Of the collection. */
  readonly documents: number;
  readonly compared: number;
  /** How many documents were not what the log makes of them. */
  readonly different: number;
  /** The first few of them. */
  readonly differences: readonly DocumentDifference[];
}

/**
 * Compares documents with a second fold of the log, made in another way: `sample` of them, by a hash of their ids, so that one that
 * is missing, or should not be there, is noticed as well as one that is wrong. Each part of the whole reads the log once.
 *
 * @throws {@link ProjectionFailedError} — an event fails that was taken when the documents were made.
 */
export async function checkDocuments(
  { projection, decoder }: { readonly projection: DefinedDocumentProjection; readonly decoder: Pick<EventDecoder, "decode"> },
  collection: CheckedCollection,
  sample: number | "all",
): Promise<DocumentCheck> {
  const { documents, bytes } = await collection.size();
  const least = Math.max(1, Math.ceil(bytes / bytesAtOnce));
  const of = sample === "all" ? Math.max(least, Math.ceil(documents / documentsAtOnce)) : Math.max(least, Math.floor(documents / sample));
  let [compared, different] = [0, 0];
  const differences: DocumentDifference[] = [];
  for (let index = 0; index < (sample === "all" ? of : 1); index++) {
    await collection.withBucket({ index, of }, async (stored, events) => {
      const fold = new PlainFold(projection, { index, of });
      for await (const page of events) for (const event of page) for (const part of decodedParts(event, decoder)) fold.take(part);
      compared += Math.max(stored.length, fold.documents);
      for (const difference of fold.differences(stored)) if (++different <= mostTold) differences.push(difference);
    });
  }
  return { documents, compared, different, differences };
}
