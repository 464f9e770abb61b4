import { isDeepStrictEqual } from "node:util";
import { decodeDocument, encodeDocument } from "../../documents/encode-document.ts";
import type { StoredDocument } from "../../documents/collection-table.ts";
import type { RecordedEvent } from "../../model/event.ts";
import type { DefinedDocumentProjection } from "../defined-projection.ts";
import { documentIdsOf, evolved } from "../document-set.ts";
import { type Bucket, isIn } from "./bucket.ts";

/**
 * A document that is not what the log makes of it: undefined where there is none.
 *
 * @example
 * ```ts
 * const told = ({ id, expected, found }: DocumentDifference): string => `${id}: ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`;
 * ```
 */
export interface DocumentDifference {
  readonly tenant: string;
  readonly id: string;
  readonly expected: object | undefined;
  readonly found: object | undefined;
}

/** Ids whose hashes are remembered. */
const mostHashed = 100_000;

interface Folded {
  readonly tenant: string;
  readonly id: string;
  /** As it would be written; an object where that is refused: a later event may mend it before anybody writes. */
  readonly document: string | object;
}

/**
 * Folds the events of a bucket's documents in the plainest way, to compare with what was built: document by document, each time from the
 * text that would be written, with nothing kept in memory that a table does not keep.
 */
export class PlainFold {
  readonly #projection: DefinedDocumentProjection;
  readonly #bucket: Bucket;
  readonly #documents = new Map<string, Folded>();
  /** Whether ids are in the bucket: a hash costs as much as the rest of what is done with most events. */
  readonly #hashed = new Map<string, boolean>();

  constructor(projection: DefinedDocumentProjection, bucket: Bucket) {
    this.#projection = projection;
    this.#bucket = bucket;
  }

  get documents(): number {
    return this.#documents.size;
  }

  /** Throws `ProjectionFailedError`. */
  take(event: RecordedEvent): void {
    const ids = documentIdsOf(this.#projection, event);
    for (const id of ids) {
      if (!this.#isIn(id)) continue;
      const key = keyOf(event.tenant, id);
      const before = this.#documents.get(key)?.document;
      const next = evolved(
        this.#projection,
        { id, document: typeof before === "string" ? decodeDocument(before) : before, evolved: true },
        event,
        ids.length > 1,
      );
      if (next) this.#documents.set(key, { tenant: event.tenant, id, document: written(id, next) });
      else this.#documents.delete(key);
    }
  }

  #isIn(id: string): boolean {
    const known = this.#hashed.get(id);
    if (known !== undefined) return known;
    if (this.#hashed.size === mostHashed) this.#hashed.clear();
    const found = isIn(this.#bucket, id);
    this.#hashed.set(id, found);
    return found;
  }

  /** Where the table holds something else. */
  *differences(stored: readonly StoredDocument[]): Iterable<DocumentDifference> {
    const missing = new Map(this.#documents);
    for (const { tenant, id, document: found } of stored) {
      const folded = missing.get(keyOf(tenant, id));
      missing.delete(keyOf(tenant, id));
      const expected = folded && asObject(folded);
      if (!isDeepStrictEqual(found, expected)) yield { tenant, id, expected, found };
    }
    for (const folded of missing.values()) yield { tenant: folded.tenant, id: folded.id, expected: asObject(folded), found: undefined };
  }
}

function written(id: string, document: object): string | object {
  try {
    return encodeDocument(id, document, "document");
  } catch {
    return document;
  }
}

function asObject({ document }: Folded): object {
  return typeof document === "string" ? decodeDocument(document) : document;
}

/** Names hold no control characters. */
function keyOf(tenant: string, id: string): string {
  return `${tenant}\u001f${id}`;
}
