import { checkDocumentId } from "../arguments/names.ts";
import { isPromise } from "../arguments/promise.ts";
import { describeValue } from "../arguments/describe-value.ts";
import type { Call } from "../database/database.ts";
import { ProjectionFailedError } from "../errors/projections.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { DocumentKey } from "../documents/collection.ts";
import type { CollectionTable, DocumentWrite, StoredDocument } from "../documents/collection-table.ts";
import { asStored } from "../documents/as-stored.ts";
import { decodeDocument, encodeDocument } from "../documents/encode-document.ts";
import type { DefinedDocumentProjection } from "./defined-projection.ts";
import { askedTooEarly, UnwrittenEvent } from "./unwritten-event.ts";
import { writeFailure } from "./write-failure.ts";

interface Entry extends DocumentKey {
  document: object | undefined;
  /** What it was when an event deleted it last. */
  deleted: object | undefined;
  /** It is in the database. */
  readonly stored: boolean;
  evolved: boolean;
  /** The last event that changed it. */
  event: RecordedEvent | undefined;
}

/** The documents that an event changes, as the definition says: each once. Throws `ProjectionFailedError`. */
export function documentIdsOf(projection: DefinedDocumentProjection, event: RecordedEvent | UnwrittenEvent): readonly string[] {
  try {
    const given = projection.work.documentId(event);
    if (given === null) return [];
    if (isPromise(given)) throw new TypeError("documentId returned a promise; it must be synchronous");
    if (typeof given === "string") return [checkDocumentId(given, "documentId's result")];
    if (!Array.isArray(given)) throw new TypeError(`documentId returned ${describeValue(given)}; it returns a string, an array of them, or null`);
    return [...new Set(Array.from(given, (id: unknown, index) => checkDocumentId(id, `documentId's result[${index}]`)))];
  } catch (error) {
    if (event instanceof UnwrittenEvent && event.asked) throw new ProjectionFailedError(projection.name, event, askedTooEarly(event.asked), { cause: error });
    throw failedAt(projection, event, error);
  }
}

/** @param asked - What `documentId` asked the event for before it had it. Throws `ProjectionFailedError` where it gives other ids now. */
export function refuseOtherIds(
  projection: DefinedDocumentProjection,
  event: RecordedEvent,
  { asked, ids }: { readonly asked: string; readonly ids: readonly string[] },
): void {
  const now = documentIdsOf(projection, event);
  if (now.length === ids.length && now.every((id, index) => id === ids[index])) return;
  throw new ProjectionFailedError(projection.name, event, askedTooEarly(asked));
}

/** Documents in memory, between their load and their write. */
export class DocumentSet {
  readonly #projection: DefinedDocumentProjection;
  readonly #entries = new Map<string, Entry>();

  constructor(projection: DefinedDocumentProjection, stored: readonly StoredDocument[]) {
    this.#projection = projection;
    for (const { tenant, id, document } of stored)
      this.#entries.set(keyOf(tenant, id), { tenant, id, document, deleted: undefined, stored: true, evolved: false, event: undefined });
  }

  /** Throws `ProjectionFailedError`: then the set is of no use any more. */
  evolve(event: RecordedEvent, ids: readonly string[]): void {
    for (const id of ids) {
      const entry = this.#entry(event.tenant, id);
      const next = evolved(this.#projection, entry, event, ids.length > 1);
      if (!next) entry.deleted = entry.document ?? entry.deleted;
      entry.document = next;
      entry.evolved = true;
      entry.event = event;
    }
  }

  #entry(tenant: string, id: string): Entry {
    const key = keyOf(tenant, id);
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = { tenant, id, document: undefined, deleted: undefined, stored: false, evolved: false, event: undefined };
      this.#entries.set(key, entry);
    }
    return entry;
  }

  /** What changed. Throws `ProjectionFailedError` where a document cannot be stored, for the last event that changed it. */
  writes(): readonly DocumentWrite[] {
    const writes: DocumentWrite[] = [];
    for (const entry of this.#entries.values()) {
      if (!entry.event) continue;
      try {
        const write = writeOf(this.#projection, entry);
        if (write) writes.push(write);
      } catch (error) {
        throw failedAt(this.#projection, entry.event, error, entry.id);
      }
    }
    return writes;
  }

  /** What writes all that changed. Where a unique index refuses a document, it says so by a `ProjectionFailedError`. */
  writesTo(table: CollectionTable): readonly Call[] {
    const explain = (error: unknown): unknown => {
      const changed = [...this.#entries.values()].flatMap(({ tenant, id, document, event }) => (event && document ? [{ tenant, id, document, event }] : []));
      return writeFailure(this.#projection, changed, error);
    };
    return table.writeCalls(this.writes()).map((call) => ({ ...call, explain }));
  }

  /** The documents as they are now, by id; undefined where one was deleted. Of one tenant. */
  *documents(): Iterable<readonly [id: string, document: object | undefined]> {
    for (const { id, document } of this.#entries.values()) yield [id, document];
  }
}

/** A document that events have changed, or created and deleted. */
export interface ChangedDocument extends DocumentKey {
  readonly document: object | undefined;
  /** What it was when an event deleted it last. */
  readonly deleted: object | undefined;
  /** It is in the database. */
  readonly stored: boolean;
}

/**
 * What to write of it; undefined: nothing, it was not there and is not. Where deleted ones are kept, also one that came and went since it
 * was loaded, so that it does not depend on what was written in between. Throws where it cannot be stored.
 */
export function writeOf({ deletes }: DefinedDocumentProjection, { tenant, id, document, deleted, stored }: ChangedDocument): DocumentWrite | undefined {
  const encode = (one: object): string => encodeDocument(id, one, `the document ${JSON.stringify(id)}`);
  if (document) return { tenant, id, data: encode(document) };
  if (deletes === "soft") return deleted && { tenant, id, data: encode(deleted), archived: true };
  return stored ? { tenant, id, data: null } : undefined;
}

/** A document in memory. */
export interface Evolving {
  readonly id: string;
  readonly document: object | undefined;
  /** It is what `evolve` made of it, not what its table gave. */
  readonly evolved: boolean;
}

/**
 * What an event makes of a document; undefined deletes it. `evolve` gets it as it would be stored. Throws `ProjectionFailedError`.
 *
 * @param shared - The event changes other documents too: what they have in common must not be one object, which a later event might
 *   change in all of them.
 */
export function evolved(
  projection: DefinedDocumentProjection,
  { id, document, evolved: made }: Evolving,
  event: RecordedEvent,
  shared: boolean,
): object | undefined {
  try {
    const before = document && made ? asStored(id, document) : document;
    const next = checkNext(projection.work.evolve(before, event, id)) ?? undefined;
    return next && shared ? decodeDocument(encodeDocument(id, next, `the document ${JSON.stringify(id)}`)) : next;
  } catch (error) {
    throw failedAt(projection, event, error, id);
  }
}

function checkNext(next: unknown): object | null {
  if (next === null) return null;
  if (next === undefined) throw new TypeError("evolve returned undefined; it returns the document as it is now, or null to delete it");
  if (typeof next !== "object" || Array.isArray(next)) throw new TypeError(`evolve returned ${describeValue(next)}; a document is an object`);
  if (isPromise(next)) throw new TypeError("evolve returned a promise; it must be synchronous");
  return next;
}

/** Names hold no control characters. */
function keyOf(tenant: string, id: string): string {
  return `${tenant}\u001f${id}`;
}

export function failedAt(
  projection: { readonly name: string },
  event: Pick<RecordedEvent, "streamId" | "type" | "id">,
  error: unknown,
  documentId?: string,
): ProjectionFailedError {
  if (error instanceof ProjectionFailedError) return error;
  return new ProjectionFailedError(projection.name, event, error instanceof Error ? error.message : describeValue(error), { cause: error, documentId });
}
