import { checkFunction, checkSignal, oneOf } from "../arguments/checks.ts";
import { checkOptions } from "../arguments/options.ts";
import { buildIndex, buildLackingIndexes, dropIndex, type IndexBuilds, validIndexes } from "../database/concurrent-indexes.ts";
import type { IndexProgress } from "../database/index-build-watch.ts";
import type { Database } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { toSafeInteger } from "../database/number.ts";
import { keepCallers } from "../errors/caller-frames.ts";
import type { Logger } from "../model/logger.ts";
import { type LogIndex, type LogIndexSet, logIndexes, logIndexSets, logIndexSql, logTable } from "./log-indexes.ts";

/**
 * An index that a store can have beside those of its schema.
 *
 * @example
 * ```ts
 * const lacking: readonly IndexInfo[] = (await store.indexes.list()).filter(({ state }) => state !== "valid");
 * ```
 */
export interface IndexInfo {
  /** What it is created under, together with the others of the set. */
  readonly set: LogIndexSet;
  /** Its name in the schema. */
  readonly name: string;
  /**
   * `"valid"`: readers use it. `"invalid"`: it is being built, or a build of it failed or was killed; `create` drops it and builds it anew.
   * `"missing"`: it was not created.
   */
  readonly state: "valid" | "invalid" | "missing";
  /** What it takes on disk; 0 if it is missing. */
  readonly bytes: number;
}

/**
 * How to create indexes.
 *
 * @example
 * ```ts
 * const options: IndexCreateOptions = { signal: AbortSignal.timeout(600_000), onProgress: ({ phase }) => console.debug(phase) };
 * const later = () => store.indexes.create("causation", options);
 * ```
 */
export interface IndexCreateOptions {
  /** Called a few times a second while PostgreSQL builds. What it throws ends the build and rejects the call. Never in an embedded store. */
  readonly onProgress?: (progress: IndexProgress) => void;
  /** Ends the build. An index that was not finished stays invalid: no reader uses it, writers maintain it, `create` builds it anew and `drop` removes it. */
  readonly signal?: AbortSignal;
}

/**
 * Indexes of the log that not every application needs. Each costs every append that it concerns.
 *
 * @example
 * ```ts
 * await store.indexes.create("causation");
 * ```
 */
export interface Indexes {
  /** Lists all of them, whether they are there or not. */
  list(): Promise<readonly IndexInfo[]>;

  /**
   * Creates the indexes of a set that are missing or invalid, while events are appended and read; in an embedded store, appends wait.
   * Several processes may do so at once: one builds, the others wait. PostgreSQL reads the whole log for it, and waits for every
   * transaction that is older; the logger is told of one that is waited for longer than five seconds. The tables of the store have to be the role's own.
   *
   * @param set - `"causation"`: for `readCausation` and `readCorrelation`.
   * @throws {@link DatabaseError} — the role may not create indexes here (42501), or the database has no room. Nothing is left behind.
   * @throws {@link ConnectionError} — the connection was lost. What is left behind is invalid; call it again.
   */
  create(set: LogIndexSet, options?: IndexCreateOptions): Promise<void>;

  /** Drops the indexes of a set, while events are appended and read. What needs them then rejects with `IndexMissingError`. */
  drop(set: LogIndexSet): Promise<void>;
}

const checkSet = oneOf(...logIndexSets);
const createShape = { onProgress: checkFunction<(progress: IndexProgress) => void>, signal: checkSignal };

/** The same for all tenants: they share the log. */
export class StoreIndexes implements Indexes {
  readonly #database: Database;
  readonly #schema: string;
  readonly #logger: Logger;

  static {
    keepCallers(this);
  }

  constructor(database: Database, schema: string, logger: Logger) {
    this.#database = database;
    this.#schema = schema;
    this.#logger = logger;
  }

  async list(): Promise<readonly IndexInfo[]> {
    const text = `
select c.relname::text as name, i.indisvalid::text as valid, pg_catalog.pg_relation_size(c.oid)::text as bytes
  from pg_catalog.pg_index as i
  join pg_catalog.pg_class as c on c.oid = i.indexrelid
 where i.indrelid = $1::text::pg_catalog.regclass`;
    const rows = await this.#database.query({ name: "tidemark_list_log_indexes", text, unprepared: true }, [logTable(this.#schema)]);
    const found = new Map(rows.map((row) => [row["name"], row]));
    return logIndexes.map(({ set, name }) => {
      const row = found.get(name);
      return { set, name, state: row ? (row["valid"] === "true" ? "valid" : "invalid") : "missing", bytes: toSafeInteger(row?.["bytes"] ?? "0") };
    });
  }

  async create(set: LogIndexSet, options?: IndexCreateOptions): Promise<void> {
    const wanted = indexesOf(set);
    const { onProgress, signal } = checkOptions(options, createShape);
    const table = logTable(this.#schema);
    const builds: IndexBuilds<LogIndex> = {
      table,
      async lacking(session) {
        const valid = await validIndexes(session, table);
        return wanted.filter(({ name }) => !valid.has(name));
      },
      build: (session, index, build) =>
        buildIndex(session, { name: this.#qualified(index.name), sql: (building) => logIndexSql(this.#schema, index, building) }, build),
    };
    await buildLackingIndexes(this.#database, builds, { onProgress, signal, logger: this.#logger });
  }

  async drop(set: LogIndexSet): Promise<void> {
    for (const { name } of indexesOf(set)) await dropIndex(this.#database, logTable(this.#schema), this.#qualified(name));
  }

  #qualified(name: string): string {
    return `${quoteIdentifier(this.#schema)}.${quoteIdentifier(name)}`;
  }
}

function indexesOf(set: unknown): typeof logIndexes {
  const checked = checkSet(set, "set");
  return logIndexes.filter((index) => index.set === checked);
}
