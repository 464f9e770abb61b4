import type { Session, Statement, TextRow } from "../database/database.ts";
import { quoteLiteral } from "../schema/render.ts";
import { type DocumentKey, quotedTable } from "../documents/collection.ts";
import { CollectionTable, decodeRow, type DocumentWrite, keyColumns, loadSql, type StoredDocument } from "../documents/collection-table.ts";
import type { DefinedDocumentProjection } from "./defined-projection.ts";
import { functionName } from "../schema/function-set.ts";

/**
 * The documents of an inline projection, which appends of any process change at the same time.
 *
 * Each append locks all of its documents before it changes one, in an order that is the same for all: first, by a lock of its key,
 * each that does not exist, then, by its row, each that does. Nobody who holds rows waits for keys of the same collection, nor for an
 * earlier row, and collections follow each other in one order, so that single appends never wait for each other in a ring.
 */
export class InlineDocuments {
  readonly #table: CollectionTable;
  readonly #look: Statement;
  readonly #claim: Statement;

  constructor(schema: string, projection: DefinedDocumentProjection) {
    this.#table = new CollectionTable(schema, projection);
    const table = quotedTable(schema, projection);
    const lockAbsent = `${functionName(schema, "lock_absent_documents")}(${quoteLiteral(table)}::regclass`;
    this.#look = { name: "tidemark_look_at_documents", text: lookSql(table, lockAbsent) };
    this.#claim = {
      name: "tidemark_claim_documents",
      text: `select ${lockAbsent}, pg_catalog.array_agg(k.tenant), pg_catalog.array_agg(k.id), false)::text from ${givenKeys} where k.id <> ''`,
    };
  }

  /** Those that exist, locked against every other append until the transaction ends; so are those that do not. */
  async lock(session: Session, keys: readonly DocumentKey[]): Promise<readonly StoredDocument[]> {
    const looked = await session.query(this.#look, keyColumns(keys));
    const absent = new Set(looked.filter(isAbsent).map((row) => keyOf({ tenant: row["tenant"] ?? "", id: row["id"] ?? "" })));
    // In a new statement: somebody else may have created some while this one waited for their keys.
    const found = absent.size === 0 ? looked.map(decodeRow) : await this.#table.lock(session, keys);
    const held = new Set([...absent, ...found.map(keyOf)]);
    const gone = keys.filter((key) => !held.has(keyOf(key)));
    return gone.length === 0 ? found : [...found, ...(await this.#lockGone(session, gone))];
  }

  /** Documents that were deleted while their rows were waited for. Others are held by now, so nothing is waited for. */
  async #lockGone(session: Session, gone: readonly DocumentKey[]): Promise<readonly StoredDocument[]> {
    await session.query(this.#claim, keyColumns(gone));
    return await this.#table.lockNow(session, gone);
  }

  write(session: Session, writes: readonly DocumentWrite[]): Promise<void> {
    return this.#table.write(session, writes);
  }
}

const givenKeys = "unnest(pg_catalog.string_to_array($1, pg_catalog.chr(30)), pg_catalog.string_to_array($2, pg_catalog.chr(30))) as k (tenant, id)";

/** Where all exist, locks their rows and returns them; else locks the keys of those that do not, and returns these alone. */
function lookSql(table: string, lockAbsent: string): string {
  return `
with absent as materialized (
  select k.tenant, k.id
    from ${givenKeys}
    left join lateral (select true as exists from ${table} as d where d._partition = k.tenant and d._id = k.id offset 0) as d on true
   where k.id <> '' and d.exists is null
), locked as materialized (
  select ${lockAbsent}, pg_catalog.array_agg(a.tenant), pg_catalog.array_agg(a.id), true) from absent as a having pg_catalog.count(*) > 0
)
select * from (${loadSql(table, "for update")}) as found where not exists (select from locked)
 union all
select a.tenant, a.id, null, null from absent as a where exists (select from locked)`;
}

function isAbsent(row: TextRow): boolean {
  return row["data"] === null;
}

/** Names hold no control characters. */
function keyOf({ tenant, id }: DocumentKey): string {
  return `${tenant}\u001f${id}`;
}
