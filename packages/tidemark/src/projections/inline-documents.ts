import type { Call, Session, Statement, TextRow } from "../database/database.ts";
import { type DocumentKey, quotedTable } from "../documents/collection.ts";
import { CollectionTable, decodeRow, givenKeys, keyColumns, type Planning, type StoredDocument } from "../documents/collection-table.ts";
import { functionName } from "../schema/function-set.ts";
import { quoteLiteral } from "../schema/render.ts";
import type { DefinedDocumentProjection } from "./defined-projection.ts";

/** What an append found of the documents that it changes. */
export interface FoundDocuments {
  readonly found: readonly StoredDocument[];
  /** Deleted by another transaction during the wait for their rows: neither they nor their keys are locked. */
  readonly gone: readonly DocumentKey[];
}

/**
 * The documents of an inline projection, which appends of any process change at the same time.
 *
 * Each append locks all of its documents before it changes one, in an order that is the same for all: first, by a lock of its key,
 * each that does not exist, then, by its row, each that does. An append that holds rows never waits for keys of the same collection, nor for an
 * earlier row, and collections follow each other in one order, so that single appends never wait for each other in a ring.
 */
export class InlineDocuments {
  readonly table: CollectionTable;
  readonly #claimAbsent: Readonly<Record<Planning, Statement>>;
  readonly #claimGone: Statement;

  constructor(schema: string, projection: DefinedDocumentProjection) {
    this.table = new CollectionTable(schema, projection);
    const table = quotedTable(schema, projection);
    // One that was deleted is absent, whether its row is there or not.
    const soft = projection.deletes === "soft";
    const lockAbsent = `${functionName(schema, "lock_absent_documents")}(${quoteLiteral(table)}::regclass`;
    this.#claimAbsent = {
      kept: { name: "tidemark_claim_absent_documents_exchange", text: claimSql(table, lockAbsent, { soft, planning: "kept" }) },
      "each time": { name: "tidemark_claim_absent_documents", text: claimSql(table, lockAbsent, { soft, planning: "each time" }) },
    };
    this.#claimGone = {
      name: "tidemark_claim_documents",
      text: `select ${lockAbsent}, pg_catalog.array_agg(k.tenant), pg_catalog.array_agg(k.id), false)::text from ${givenKeys("each time")} where k.id <> ''`,
    };
  }

  /**
   * Locks all of them against every other append until the transaction ends, and loads those that exist: in a second statement, for
   * another append may have created some while the first waited for their keys.
   */
  lock(keys: readonly DocumentKey[], planning: Planning): readonly [Call, Call] {
    return [{ statement: this.#claimAbsent[planning], values: keyColumns(keys) }, this.table.lockCall(keys, planning)];
  }

  /** What the answers to `lock` say. */
  found(keys: readonly DocumentKey[], [claimed = [], rows = []]: readonly (readonly TextRow[])[]): FoundDocuments {
    const found = rows.map(decodeRow);
    const held = new Set([...found, ...claimed.flatMap(absentKeys)].map(keyOf));
    return { found, gone: keys.filter((key) => !held.has(keyOf(key))) };
  }

  /** Locks what is gone. Others are held by now, so nothing is waited for. */
  async lockGone(session: Session, gone: readonly DocumentKey[]): Promise<readonly StoredDocument[]> {
    await session.query(this.#claimGone, keyColumns(gone));
    return await this.table.lockNow(session, gone);
  }
}

/**
 * Locks the keys of those that do not exist, and returns them: as two texts, the tenants and the ids, joined by U+001E. No row where
 * all exist: the lock is taken for what HAVING lets through.
 */
function claimSql(table: string, lockAbsent: string, { soft, planning }: { readonly soft: boolean; readonly planning: Planning }): string {
  return `
select pg_catalog.string_agg(k.tenant, pg_catalog.chr(30)) as tenants, pg_catalog.string_agg(k.id, pg_catalog.chr(30)) as ids,
       ${lockAbsent}, pg_catalog.array_agg(k.tenant), pg_catalog.array_agg(k.id), true)::text as locked
  from ${givenKeys(planning)}
  left join lateral (select true as exists from ${table} as d where d._partition = k.tenant and d._id = k.id${soft ? " and not d._archived" : ""} offset 0) as d on true
 where k.id <> '' and d.exists is null
having pg_catalog.count(*) > 0`;
}

function absentKeys({ tenants, ids }: TextRow): readonly DocumentKey[] {
  const tenant = tenants?.split("\u001e") ?? [];
  return (ids?.split("\u001e") ?? []).map((id, index) => ({ tenant: tenant[index] ?? "", id }));
}

/** Names hold no control characters. */
function keyOf({ tenant, id }: DocumentKey): string {
  return `${tenant}\u001f${id}`;
}
