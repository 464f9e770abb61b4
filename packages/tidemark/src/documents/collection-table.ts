import { sendInTurn } from "../database/calls.ts";
import type { Call, Queryable, Session, Statement, TextRow } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import { byBytes } from "../append/byte-order.ts";
import { type Collection, type DocumentKey, quotedTable } from "./collection.ts";
import { decodeDocument } from "./encode-document.ts";

/** A document as a projection evolves it: without `_id` and `_version`. */
export interface StoredDocument extends DocumentKey {
  /** 1 where it was written once. */
  readonly version: number;
  readonly document: object;
}

/** What becomes of a document. */
export interface DocumentWrite extends DocumentKey {
  /** What `encodeDocument` made; null deletes the row. */
  readonly data: string | null;
  /** It is deleted, and this was its last content: of collections that keep such rows. @defaultValue false */
  readonly archived?: boolean;
}

/**
 * Whether PostgreSQL may keep the plan of a statement. Planning takes longer than looking a few documents up, but a plan made while the
 * table was small reads it from end to end, for ever after. `"kept"` is for a `Database.exchange`, which allows no such plan.
 */
export type Planning = "kept" | "each time";

/** The documents of one version, of every tenant, for those who write them. A statement for each call, however many documents. */
export class CollectionTable {
  readonly #first: Statement;
  readonly #load: Statement;
  readonly #lock: Readonly<Record<Planning, Statement>>;
  readonly #lockNow: Statement;
  readonly #write: Statement;
  readonly #writeOne: Statement;
  readonly #writeAndDelete: Statement;
  readonly #soft: boolean;

  constructor(schema: string, collection: Collection) {
    const table = quotedTable(schema, collection);
    const soft = collection.deletes === "soft";
    this.#soft = soft;
    const named = (name: string, text: string): Statement => ({ name: `tidemark_${name}`, text, uncast: text.replaceAll("::text as", " as") });
    this.#first = named("first_document", `select d._id::text as id from ${table} as d limit 1`);
    this.#load = named("load_documents", loadSql(table, soft, "offset 0"));
    this.#lock = {
      kept: named("lock_documents_exchange", loadSql(table, soft, "for update", "kept")),
      "each time": named("lock_documents", loadSql(table, soft, "for update")),
    };
    this.#lockNow = named("lock_documents_now", loadSql(table, soft, "for update nowait"));
    this.#writeOne = {
      name: "tidemark_write_document",
      text: soft
        ? `insert into ${table} as d (_partition, _id, data, _archived) values ($1, $2, $3::text::jsonb, $4::text::boolean) ${orUpdate}, _archived = excluded._archived`
        : `insert into ${table} as d (_partition, _id, data) values ($1, $2, $3::text::jsonb) ${orUpdate}`,
    };
    this.#write = named("write_documents", soft ? writeSoftSql(table) : writeSql(table, false));
    // The planner reads the table from end to end while it is small, and would keep that plan for the large one.
    this.#writeAndDelete = { ...named("write_and_delete_documents", writeSql(table, true)), unprepared: true };
  }

  async isEmpty(queryable: Queryable): Promise<boolean> {
    return (await queryable.query(this.#first, [])).length === 0;
  }

  /** Those of `keys` that exist, in any order. One that was deleted and keeps its row does not. */
  load(queryable: Queryable, keys: readonly DocumentKey[]): Promise<readonly StoredDocument[]> {
    return this.#select(queryable, this.#load, keys);
  }

  /**
   * The same, locked FOR UPDATE in the order of their keys' bytes, so that two who lock never wait for each other in a ring. Its
   * rows are read by `decodeRow`.
   */
  lockCall(keys: readonly DocumentKey[], planning: Planning): Call {
    return { statement: this.#lock[planning], values: keyColumns(keys) };
  }

  /** The same, for who holds others already: fails (55P03) where one is not free. */
  lockNow(session: Session, keys: readonly DocumentKey[]): Promise<readonly StoredDocument[]> {
    return this.#select(session, this.#lockNow, keys);
  }

  /**
   * Inserts, updates and deletes: `_version` counts up from 1, and `_updated` is the database's clock. Each key stands once.
   * One statement for each 16 MiB of documents; run them in a transaction.
   *
   * @param order - `"by key"`, so that two who write never wait for each other in a ring; `"given"` spares the only writer the sorting.
   * @param unitsAtOnce - The most characters of documents in a statement.
   */
  writeCalls(writes: readonly DocumentWrite[], order: "by key" | "given" = "by key", unitsAtOnce: number = mostUnits): readonly Call[] {
    const [only, ...others] = writes;
    // Half of what it costs the server to take three lists apart.
    if (only && only.data !== null && others.length === 0) {
      return [{ statement: this.#writeOne, values: [only.tenant, only.id, only.data, ...(this.#soft ? [archivedText(only)] : [])] }];
    }
    const sorted = order === "given" ? writes : [...writes].sort(byKey);
    return Array.from(parts(sorted, unitsAtOnce), (part) => ({
      statement: !this.#soft && part.some(({ data }) => data === null) ? this.#writeAndDelete : this.#write,
      values: [...columns(part), joined(part.map(({ data }) => data ?? "")), ...(this.#soft ? [joined(part.map(archivedText))] : [])],
    }));
  }

  /** Sends `writeCalls`. */
  async write(queryable: Queryable, writes: readonly DocumentWrite[]): Promise<void> {
    await sendInTurn(queryable, this.writeCalls(writes));
  }

  async #select(queryable: Queryable, statement: Statement, keys: readonly DocumentKey[]): Promise<readonly StoredDocument[]> {
    return keys.length === 0 ? [] : (await queryable.query(statement, keyColumns(keys))).map(decodeRow);
  }
}

function archivedText({ archived = false }: DocumentWrite): string {
  return String(archived);
}

/** What `loadSql` reads. */
export function decodeRow(row: TextRow): StoredDocument {
  return { tenant: row["tenant"] ?? "", id: row["id"] ?? "", version: toSafeInteger(row["version"]), document: decodeDocument(row["data"] ?? "{}") };
}

function byKey(a: DocumentKey, b: DocumentKey): number {
  return byBytes(a.tenant, b.tenant) || byBytes(a.id, b.id);
}

/**
 * Items with U+001E behind each, which no name holds and no JSON: string_to_array would make no item of one empty text. The
 * empty item behind the last is left out by its empty id.
 */
function joined(items: readonly string[]): string {
  return items.length === 0 ? "" : `${items.join("\u001e")}\u001e`;
}

function columns(keys: readonly DocumentKey[]): string[] {
  return [joined(keys.map(({ tenant }) => tenant)), joined(keys.map(({ id }) => id))];
}

/** Tenants and ids of keys, each once, in the order of their bytes: $1 and $2 of `loadSql`. */
export function keyColumns(keys: readonly DocumentKey[]): string[] {
  const sorted = [...keys].sort(byKey);
  return columns(sorted.filter((key, index) => index === 0 || byKey(key, sorted[index - 1] ?? key) !== 0));
}

const mostUnits = 16 * 1024 * 1024;

function* parts(writes: readonly DocumentWrite[], unitsAtOnce: number): Iterable<readonly DocumentWrite[]> {
  let from = 0;
  let units = 0;
  for (const [index, { data }] of writes.entries()) {
    const more = data?.length ?? 0;
    if (index > from && units + more > unitsAtOnce) {
      yield writes.slice(from, index);
      from = index;
      units = 0;
    }
    units += more;
  }
  if (from < writes.length) yield writes.slice(from);
}

/**
 * The keys in `$1` and `$2`, as table `k`. Behind a SELECT the planner does not see how many they are, so that it finds a plan for these
 * no better than one for any, and keeps that.
 */
export function givenKeys(planning: Planning): string {
  const texts = ["$1", "$2"].map((text) => `pg_catalog.string_to_array(${text}, pg_catalog.chr(30))`);
  const lists = texts.map((text) => `pg_catalog.unnest(${planning === "kept" ? `(select ${text})` : text})`);
  return `rows from (${lists.join(", ")}) as k (tenant, id)`;
}

/** The lateral subquery is not merged into the join: each key is looked up in the index, in order, whatever the planner believes of the table. */
function loadSql(table: string, soft: boolean, how: "offset 0" | "for update" | "for update nowait", planning: Planning = "each time"): string {
  return `
select k.tenant::text as tenant, k.id::text as id, d._version::text as version, d.data::text as data
  from ${givenKeys(planning)}
 cross join lateral (
   select d._version, d.data from ${table} as d where d._partition = k.tenant and d._id = k.id${soft ? " and not d._archived" : ""} ${how}
 ) as d
 where k.id <> ''`;
}

/** What is deleted has no data. */
function writeSql(table: string, deletes: boolean): string {
  const given = `unnest(pg_catalog.string_to_array($1, pg_catalog.chr(30)), pg_catalog.string_to_array($2, pg_catalog.chr(30)), pg_catalog.string_to_array($3, pg_catalog.chr(30))) as w (tenant, id, data)`;
  const deleted = `
with deleted as (
  delete from ${table} as d
   where d.ctid = any (array(
     select old.ctid
       from ${given}
      cross join lateral (select o.ctid from ${table} as o where o._partition = w.tenant and o._id = w.id offset 0) as old
      where w.id <> '' and w.data = ''
   ))
)`;
  return `${deletes ? deleted : ""}
insert into ${table} as d (_partition, _id, data)
select w.tenant, w.id, w.data::jsonb
  from ${given}
 where w.data <> ''
    ${orUpdate}`;
}

/** What is deleted has its last data, and is marked. */
function writeSoftSql(table: string): string {
  const lists = ["$1", "$2", "$3", "$4"].map((text) => `pg_catalog.unnest(pg_catalog.string_to_array(${text}, pg_catalog.chr(30)))`);
  return `
insert into ${table} as d (_partition, _id, data, _archived)
select w.tenant, w.id, w.data::jsonb, w.archived::boolean
  from rows from (${lists.join(", ")}) as w (tenant, id, data, archived)
 where w.data <> ''
    ${orUpdate}, _archived = excluded._archived`;
}

const orUpdate = `on conflict (_partition, _id) do update
   set data = excluded.data, _version = d._version + 1, _updated = pg_catalog.clock_timestamp()`;
