import type { DocumentKey } from "../../documents/collection.ts";
import type { DocumentWrite, StoredDocument } from "../../documents/collection-table.ts";
import type { RecordedEvent } from "../../model/event.ts";
import type { DefinedDocumentProjection } from "../defined-projection.ts";
import { evolved, writeOf } from "../document-set.ts";

/** What a document takes in memory: objects take about three times what their JSON does, and each has an entry. */
const bytesPerUnit = 3;
const bytesOfEntry = 300;

interface Cached {
  readonly tenant: string;
  readonly id: string;
  document: object | undefined;
  /** What it was when an event deleted it, since it was written or loaded. */
  deleted: object | undefined;
  /** It is in the table. */
  stored: boolean;
  evolved: boolean;
  /** The position of the last event that changed it since it was written or loaded. Events themselves would take more memory than documents. */
  event: number | undefined;
  /** As far as is known. */
  bytes: number;
  changes: number;
  /** At so many changes it is measured again. */
  measureAt: number;
  /** The page that used it last. */
  page: number;
}

/** What a flush writes. */
export interface DocumentChanges {
  readonly writes: readonly DocumentWrite[];
  /** By how many documents the table grows. */
  readonly grown: number;
}

/**
 * Documents of a projection that is built, between their events and their table: what changed is written now and then, and what was not
 * used for long leaves for others, once it is written. Its owner is the only writer of the table.
 */
export class DocumentCache {
  readonly #projection: DefinedDocumentProjection;
  readonly #byTenant = new Map<string, Map<string, Cached>>();
  #changed: Cached[] = [];
  #bytes = 0;
  #changedBytes = 0;
  #page = 0;
  /** Whether every document of the table is here, so that one that is not here does not exist. */
  #whole: boolean;

  /** @param whole - The table is empty. */
  constructor(projection: DefinedDocumentProjection, whole: boolean) {
    this.#projection = projection;
    this.#whole = whole;
  }

  /** What it takes, in bytes, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Of that, what is not written yet. */
  get changedBytes(): number {
    return this.#changedBytes;
  }

  get whole(): boolean {
    return this.#whole;
  }

  get changes(): number {
    return this.#changed.length;
  }

  /** A page of events begins. */
  turnPage(): void {
    this.#page++;
  }

  /** Those of these that have to be loaded before they can be evolved. */
  missing(keys: readonly DocumentKey[]): readonly DocumentKey[] {
    return this.#whole ? [] : keys.filter(({ tenant, id }) => !this.#byTenant.get(tenant)?.has(id));
  }

  /** @param missing - What was asked for: what did not come does not exist. */
  loaded(missing: readonly DocumentKey[], found: readonly StoredDocument[]): void {
    for (const { tenant, id, document } of found) this.#measure(this.#enter(tenant, id, document, true));
    for (const { tenant, id } of missing) if (!this.#byTenant.get(tenant)?.has(id)) this.#enter(tenant, id, undefined, false);
  }

  /** Throws `ProjectionFailedError`: then it is of no use any more, since `evolve` may have changed a document before it threw. */
  evolve(event: RecordedEvent, ids: readonly string[]): void {
    for (const id of ids) {
      const entry = this.#byTenant.get(event.tenant)?.get(id) ?? this.#enter(event.tenant, id, undefined, false);
      const next = evolved(this.#projection, entry, event, ids.length > 1);
      if (!next) entry.deleted = entry.document ?? entry.deleted;
      entry.document = next;
      entry.evolved = true;
      entry.page = this.#page;
      if (entry.event === undefined) {
        this.#changed.push(entry);
        this.#changedBytes += entry.bytes;
      }
      entry.event = event.position;
      if (++entry.changes === entry.measureAt) {
        entry.measureAt *= 4;
        this.#measure(entry);
      }
    }
  }

  /** Hands out what has changed, to be written. Throws where a document cannot be stored. */
  takeChanges(): DocumentChanges {
    const writes: DocumentWrite[] = [];
    let grown = 0;
    for (const entry of this.#changed) {
      const { document, stored } = entry;
      const write = writeOf(this.#projection, entry);
      if (write) writes.push(write);
      if (document && write?.data) this.#resize(entry, write.data.length);
      entry.deleted = undefined;
      const exists = document !== undefined;
      if (exists !== stored) grown += exists ? 1 : -1;
      entry.stored = exists;
      entry.event = undefined;
      // What is nowhere need not be known where everything else is.
      if (!exists && this.#whole) this.#leave(entry);
    }
    this.#changed = [];
    this.#changedBytes = 0;
    return { writes, grown };
  }

  /** Lets those go that were not used for longest, until it takes no more than `bytes`. What was handed out must be committed, and nothing changed since. */
  shrinkTo(bytes: number): void {
    if (this.#bytes <= bytes) return;
    const all = Array.from(this.#byTenant.values(), (documents) => [...documents.values()]).flat();
    for (const entry of all.sort((a, b) => a.page - b.page)) {
      if (this.#bytes <= bytes) return;
      this.#leave(entry);
      if (entry.stored) this.#whole = false;
    }
  }

  #enter(tenant: string, id: string, document: object | undefined, stored: boolean): Cached {
    const entry: Cached = {
      tenant,
      id,
      document,
      deleted: undefined,
      stored,
      evolved: false,
      event: undefined,
      bytes: bytesOfEntry,
      changes: 0,
      measureAt: 1,
      page: this.#page,
    };
    let documents = this.#byTenant.get(tenant);
    if (!documents) this.#byTenant.set(tenant, (documents = new Map<string, Cached>()));
    documents.set(id, entry);
    this.#bytes += entry.bytes;
    return entry;
  }

  #leave({ tenant, id, bytes }: Cached): void {
    this.#byTenant.get(tenant)?.delete(id);
    this.#bytes -= bytes;
  }

  #measure(entry: Cached): void {
    this.#resize(entry, lengthOf(entry.document));
  }

  #resize(entry: Cached, units: number): void {
    const bytes = bytesOfEntry + bytesPerUnit * units;
    this.#bytes += bytes - entry.bytes;
    if (entry.event !== undefined) this.#changedBytes += bytes - entry.bytes;
    entry.bytes = bytes;
  }
}

/** What cannot be JSON is refused when it is written. */
function lengthOf(document: object | undefined): number {
  try {
    return document ? JSON.stringify(document).length : 0;
  } catch {
    return 0;
  }
}
