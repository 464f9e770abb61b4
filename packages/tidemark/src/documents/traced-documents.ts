import { keepCallers } from "../errors/caller-frames.ts";
import type { ReadingDocuments } from "../tracing/messages.ts";
import { readingDocuments } from "../tracing/operations.ts";
import type { TracedPlace } from "../tracing/traced-store.ts";
import type { CountOptions, DocumentPage, Documents, FindOptions, GetOptions, VersionedDocument } from "./types.ts";

/** Tells of each reading of documents on its tracing channel. */
export class TracedDocuments<T extends object> implements Documents<T> {
  readonly #documents: Documents<T>;
  readonly #collection: string;
  readonly #place: TracedPlace;

  static {
    keepCallers(this);
  }

  constructor(documents: Documents<T>, collection: string, place: TracedPlace) {
    this.#documents = documents;
    this.#collection = collection;
    this.#place = place;
  }

  get(id: string, options?: GetOptions): Promise<VersionedDocument<T> | undefined> {
    return this.#trace("get", () => this.#documents.get(id, options), oneOrNone);
  }

  getMany(ids: readonly string[], options?: GetOptions): Promise<VersionedDocument<T>[]> {
    return this.#trace("getMany", () => this.#documents.getMany(ids, options), howMany);
  }

  find(options?: FindOptions<T>): Promise<VersionedDocument<T>[]> {
    return this.#trace("find", () => this.#documents.find(options), howMany);
  }

  first(options?: FindOptions<T>): Promise<VersionedDocument<T> | undefined> {
    return this.#trace("first", () => this.#documents.first(options), oneOrNone);
  }

  page(options?: FindOptions<T>): Promise<DocumentPage<T>> {
    return this.#trace(
      "page",
      () => this.#documents.page(options),
      ({ documents }) => documents.length,
    );
  }

  count(options?: CountOptions<T>): Promise<number> {
    return this.#trace(
      "count",
      () => this.#documents.count(options),
      (count) => count,
    );
  }

  #trace<R>(operation: ReadingDocuments["operation"], work: () => Promise<R>, documentsOf: (value: R) => number): Promise<R> {
    return readingDocuments.trace(
      this.#place,
      () => ({ operation, collection: this.#collection }),
      work,
      (value) => ({ result: { documents: documentsOf(value) } }),
    );
  }
}

function oneOrNone(document: unknown): number {
  return document === undefined ? 0 : 1;
}

function howMany(documents: readonly unknown[]): number {
  return documents.length;
}
