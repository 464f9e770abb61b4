import type { Session, Statement, TextRow } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { watchIndexBuilds } from "../../database/index-build-watch.ts";
import { quotedTable } from "../../documents/collection.ts";
import { functionName } from "../../schema/function-set.ts";
import type { WorkerContext } from "../../runtime/worker-context.ts";

/**
 * Something of yours that hangs on the table of one version of a collection, and stays there when another version serves.
 *
 * @example
 * ```ts
 * const { build } = await store.projections.get("cart-summary");
 * const dependents: readonly ProjectionDependent[] = build?.dependents ?? [];
 * console.debug(dependents.map(({ kind, name }) => `${kind} ${name}`));
 * ```
 */
export interface ProjectionDependent {
  /** `"view"`, `"materialized view"`, `"function"`, `"foreign key"`, `"rule"`, `"policy"`, `"trigger"` or `"publication"`. */
  readonly kind: string;
  readonly name: string;
}

/** The version that is to serve. */
interface Target {
  readonly name: string;
  readonly version: number;
  readonly collection: string | undefined;
}

/** What users did to the table of the version that serves, and expect of the next one's. */
export class CarryOver {
  readonly #context: Pick<WorkerContext, "database" | "schema" | "logger">;
  readonly #target: Target;
  readonly #tables: Statement;
  readonly #indexes: Statement;
  readonly #dependents: Statement;
  readonly #grants: Statement;
  #known: { readonly serving: number; readonly tables: readonly [string, string] | undefined } | undefined;

  constructor(context: Pick<WorkerContext, "database" | "schema" | "logger">, target: Target) {
    this.#context = context;
    this.#target = target;
    const { schema } = context;
    this.#tables = {
      name: "tidemark_collection_of_version",
      text: `select p.definition operator(pg_catalog.->>) 'collection' as collection from ${quoteIdentifier(schema)}.projections as p where p.name = $1 and p.version = $2`,
    };
    this.#indexes = {
      name: "tidemark_missing_indexes",
      text: `select i.name, i.statement, i.invalid::text as invalid from ${functionName(schema, "missing_indexes")}($1::text::regclass, $2::text::regclass) as i`,
    };
    this.#dependents = {
      name: "tidemark_table_dependents",
      text: `select ${functionName(schema, "table_dependents")}($1::text::regclass, $2::text::regclass)::text as dependents`,
    };
    this.#grants = { name: "tidemark_copy_grants", text: `select ${functionName(schema, "copy_grants")}($1::text::regclass, $2::text::regclass)::text` };
  }

  /**
   * Creates the indexes, beside everybody's work, and returns what cannot be carried over.
   *
   * @param serving - The version that serves now.
   * @param signal - Ends a creation. What it leaves behind is invalid, and the next call creates it anew.
   */
  async prepare(serving: number | undefined, signal: AbortSignal | undefined): Promise<readonly ProjectionDependent[]> {
    const { database, logger } = this.#context;
    const tables = await this.#pair(serving);
    if (!tables) return [];
    const missing = await database.query(this.#indexes, tables);
    if (missing.length > 0)
      await watchIndexBuilds(database, tables[1], { logger, signal }, async (ended) => {
        for (const index of missing) await this.#create(index, ended);
      });
    return await this.dependents(serving);
  }

  async #create({ name, statement, invalid }: TextRow, signal: AbortSignal | undefined): Promise<void> {
    const { database } = this.#context;
    const options = { timeoutMs: 0, signal };
    // What is left of a creation that failed.
    if (invalid === "true") await database.query({ name: "tidemark_drop_index", text: `drop index concurrently ${name}`, unprepared: true }, [], options);
    await database.query({ name: "tidemark_carry_index", text: statement ?? "", unprepared: true }, [], options);
  }

  /** What hangs on the table of the version that serves, and would stay there. */
  async dependents(serving: number | undefined): Promise<readonly ProjectionDependent[]> {
    const tables = await this.#pair(serving);
    if (!tables) return [];
    const [row] = await this.#context.database.query(this.#dependents, tables);
    return JSON.parse(row?.["dependents"] ?? "[]");
  }

  /** Gives the roles of the old table the same rights on the new one. After `prepare`. */
  async grant(session: Session): Promise<void> {
    if (this.#known?.tables) await session.query(this.#grants, this.#known.tables);
  }

  /** The tables of the version that serves and of the one that is to; undefined where one has none. */
  async #pair(serving: number | undefined): Promise<readonly [string, string] | undefined> {
    const { database, schema } = this.#context;
    const { name, version, collection } = this.#target;
    if (serving === undefined || collection === undefined) return undefined;
    if (this.#known?.serving === serving) return this.#known.tables;
    const [row] = await database.query(this.#tables, [name, serving]);
    const before = row?.["collection"];
    const tables =
      before == null ? undefined : ([quotedTable(schema, { collection: before, version: serving }), quotedTable(schema, { collection, version })] as const);
    this.#known = { serving, tables };
    return tables;
  }
}
