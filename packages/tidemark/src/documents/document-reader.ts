import { type Check, checkSignal, oneOf, wholeNumber } from "../arguments/checks.ts";
import { checkCollectionName, checkDocumentId } from "../arguments/names.ts";
import { checkOptions, isRecord } from "../arguments/options.ts";
import { checkStaleDocuments, type StaleDocuments } from "../arguments/stale-documents.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { orAborted } from "../async/or-aborted.ts";
import type { Queryable, Statement, TextRow, Value } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import { keepCallers } from "../errors/caller-frames.ts";
import { NotFoundError } from "../errors/following.ts";
import { InvalidArgumentError, isTidemarkError } from "../errors/errors.ts";
import type { TracedPlace } from "../tracing/traced-store.ts";
import { checkCollection, quotedTable, quotedView } from "./collection.ts";
import { type DeletedDocuments, deletedSql, documentColumns, documentStatements, question } from "./document-statements.ts";
import { behindSql, checkOrderBy, orderSql } from "./order.ts";
import { Parameters } from "./parameters.ts";
import { TracedDocuments } from "./traced-documents.ts";
import type { CountOptions, Documents, DocumentsOptions, DocumentSource, FindOptions, GetOptions, VersionedDocument } from "./types.ts";
import { whereSql } from "./where.ts";

const defaultPage = 100;
const mostIds = 100_000;

/** Left for the SQL to check: what is wrong is found while it is put together. */
const anything: Check<unknown> = (value) => value;
const deletedShape = { deleted: oneOf("include", "only"), signal: checkSignal };
const findShape = { where: anything, orderBy: checkOrderBy, limit: wholeNumber(0), after: anything, ...deletedShape };
const countShape = { where: anything, ...deletedShape };

/**
 * Looks whether documents are what they should be, before or while they are read. What it throws is the reading's error; undefined:
 * there is nothing to look at.
 */
export type CheckSource = (source: DocumentSource<object> | string, stale: StaleDocuments | undefined) => Promise<void> | undefined;

const optionsShape = { stale: checkStaleDocuments };

/** The collections of one tenant, read through the pool or inside a transaction. */
export class DocumentReaders {
  readonly #queryable: Queryable;
  readonly #schema: string;
  readonly #tenant: string;
  readonly #check: CheckSource;
  readonly #place: TracedPlace | undefined;

  /** @param place - Of which store they are, for tracing. Undefined: their readings are not traced. */
  constructor(queryable: Queryable, schema: string, tenant: string, check: CheckSource = () => undefined, place?: TracedPlace) {
    this.#queryable = queryable;
    this.#schema = schema;
    this.#tenant = tenant;
    this.#check = check;
    this.#place = place;
  }

  of<T extends object>(source: DocumentSource<T> | string, options?: DocumentsOptions): Documents<T> {
    const { stale } = checkOptions(options, optionsShape);
    const checked: Pick<Queryable, "query"> = {
      query: async (statement, values, call) => {
        call?.signal?.throwIfAborted();
        const looking = this.#check(source, stale);
        if (!looking) return await this.#queryable.query(statement, values, call);
        // What it learns counts for others, too: an abort does not end it.
        const checking = orAborted(looking, call?.signal);
        // At the same time, so that the answer is no later for it.
        const [rows] = await Promise.allSettled([this.#queryable.query(statement, values, call), checking]);
        await checking;
        if (rows.status === "rejected") throw rows.reason;
        return rows.value;
      },
    };
    const documents = new DocumentReader<T>(checked, this.#schema, this.#tenant, source);
    return this.#place ? new TracedDocuments(documents, documents.collection, this.#place) : documents;
  }
}

/** The documents of one collection. */
class DocumentReader<T extends object> implements Documents<T> {
  readonly #queryable: Pick<Queryable, "query">;
  readonly #schema: string;
  readonly #tenant: string;
  readonly collection: string;
  readonly #from: string;
  /** Whether deleted documents keep their rows there. */
  readonly #kept: boolean;
  /** Whether it shows the documents of a projection, not of a collection by name. */
  readonly #owned: boolean;

  static {
    keepCallers(this);
  }

  /** @param source - A document projection: its own version's documents. A collection's name: the live ones. */
  constructor(queryable: Pick<Queryable, "query">, schema: string, tenant: string, source: DocumentSource<T> | string) {
    this.#queryable = queryable;
    this.#schema = schema;
    this.#tenant = tenant;
    this.#owned = typeof source !== "string";
    this.#kept = typeof source !== "string" && isRecord(source) && source.deletes === "soft";
    if (typeof source === "string") {
      this.collection = checkCollectionName(source, "collection");
      this.#from = quotedView(schema, this.collection);
    } else {
      if (!isRecord(source)) throw new InvalidArgumentError("projection", `must be a document projection or a collection's name, not ${describeValue(source)}`);
      if (source.collection === undefined) {
        throw new InvalidArgumentError("projection", "has no collection: only what documentProjection returns has documents");
      }
      const collection = checkCollection(source, "projection");
      this.collection = collection.collection;
      this.#from = quotedTable(schema, collection);
    }
  }

  async get(id: string, options?: GetOptions): Promise<VersionedDocument<T> | undefined> {
    const checked = checkOptions(options, deletedShape);
    const statements = documentStatements(this.#from, this.#deleted(checked));
    const [row] = await this.#rows(statements.get, [this.#tenant, checkDocumentId(id, "id")], checked.signal);
    return row?.["id"] == null ? undefined : decode<T>(row);
  }

  async getMany(ids: readonly string[], options?: GetOptions): Promise<VersionedDocument<T>[]> {
    const checked = checkIds(ids);
    const { deleted, signal } = checkOptions(options, deletedShape);
    const statements = documentStatements(this.#from, this.#deleted({ deleted }));
    if (checked.length === 0) return [];
    const rows = await this.#rows(statements.getMany, [this.#tenant, [...new Set(checked)].join("\u001f")], signal);
    const found = new Map(rows.map((row) => [row["id"], row]));
    return checked.flatMap((id) => {
      const row = found.get(id);
      return row ? [decode<T>(row)] : [];
    });
  }

  async find(options?: FindOptions<T>): Promise<VersionedDocument<T>[]> {
    const { limit } = checkOptions(options, findShape);
    return this.#find(options, limit);
  }

  async first(options?: FindOptions<T>): Promise<VersionedDocument<T> | undefined> {
    const { limit = 1 } = checkOptions(options, findShape);
    return (await this.#find(options, Math.min(limit, 1)))[0];
  }

  async page(options?: FindOptions<T>): Promise<{ readonly documents: VersionedDocument<T>[]; readonly next: VersionedDocument<T> | undefined }> {
    const { limit = defaultPage } = checkOptions(options, findShape);
    if (limit === 0) return { documents: await this.#find(options, 0), next: undefined };
    const documents = await this.#find(options, limit + 1);
    if (documents.length <= limit) return { documents, next: undefined };
    documents.pop();
    return { documents, next: documents.at(-1) };
  }

  async count(options?: CountOptions<T>): Promise<number> {
    const { where, deleted, signal } = checkOptions(options, countShape);
    const parameters = new Parameters([this.#tenant]);
    const text = `select pg_catalog.count(*)::text as count from ${this.#from} as d where d._partition = $1${this.#deleted({ deleted })}${this.#where(where, parameters)}`;
    const [row] = await this.#rows(question("count_documents", text), parameters.values, signal);
    return toSafeInteger(row?.["count"]);
  }

  async #find(options: unknown, limit: number | undefined): Promise<VersionedDocument<T>[]> {
    const { where, orderBy = [], after, deleted, signal } = checkOptions(options, findShape);
    const parameters = new Parameters([this.#tenant]);
    const text = `
select ${documentColumns}
  from ${this.#from} as d
 where d._partition = $1${this.#deleted({ deleted })}${this.#where(where, parameters)}${after === undefined ? "" : `\n   and ${behindSql(after, "options.after", orderBy, this.#schema, parameters)}`}
 order by ${orderSql(orderBy, this.#schema)}${limit === undefined ? "" : `\n limit ${parameters.add(limit)}`}`;
    return (await this.#rows(question("find_documents", text), parameters.values, signal)).map((row) => decode<T>(row));
  }

  #deleted({ deleted }: { readonly deleted?: DeletedDocuments | undefined }): string {
    if (deleted !== undefined && !this.#owned)
      throw new InvalidArgumentError(
        "options.deleted",
        `does not fit the collection ${JSON.stringify(this.collection)} by its name, which shows documents that are there. Pass the projection: store.documents(projection)`,
      );
    return deletedSql(deleted, this.#kept);
  }

  #where(where: unknown, parameters: Parameters): string {
    return where === undefined ? "" : `\n   and ${whereSql(where, "options.where", this.#schema, parameters)}`;
  }

  async #rows(statement: Statement, values: readonly Value[], signal: AbortSignal | undefined): Promise<readonly TextRow[]> {
    try {
      return await this.#queryable.query(statement, values, { signal });
    } catch (error) {
      if (!isTidemarkError(error, "DATABASE") || error.sqlState !== "42P01") throw error;
      throw new NotFoundError(
        "collection",
        this.collection,
        "A collection is created when a store is opened with its projection: look at the spelling, the schema and the projection's version.",
      );
    }
  }
}

function checkIds(ids: unknown): readonly string[] {
  if (!Array.isArray(ids)) throw new InvalidArgumentError("ids", `must be an array of ids, not ${describeValue(ids)}`);
  if (ids.length > mostIds) throw new InvalidArgumentError("ids", `has ${ids.length} ids; at most ${mostIds} are allowed`);
  return Array.from(ids, (id: unknown, index) => checkDocumentId(id, `ids[${index}]`));
}

function decode<T extends object>(row: TextRow): VersionedDocument<T> {
  const document: Record<string, unknown> = JSON.parse(row["data"] ?? "{}");
  document["_id"] = row["id"];
  document["_version"] = toSafeInteger(row["version"]);
  if (row["archived"]?.startsWith("t")) document["_archived"] = true;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a document holds is the caller's promise
  return document as VersionedDocument<T>;
}
