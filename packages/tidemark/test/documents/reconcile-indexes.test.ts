import pg from "pg";
import { type CollectionIndex, type DocumentProjection, documentProjection, type Event, type EventStore, openEventStore } from "../../src/index.ts";
import { drivers } from "../contract/drivers.ts";
import { describe, eventually, expect, test } from "../support/test.ts";

interface User {
  readonly email: string;
  readonly name: string;
}

function users(indexes: readonly CollectionIndex<User>[]): DocumentProjection<User> {
  return documentProjection<User, Event<"Renamed", User>>({
    name: "users",
    mode: "inline",
    collection: "users",
    indexes,
    handles: ["Renamed"],
    documentId: ({ streamId }) => streamId,
    evolve: (_, { data }) => data,
  });
}

const byName = users([{ path: "name" }]);
const uniqueEmail = users([{ path: "email", unique: true }]);

const rename = (store: EventStore, id: string, email: string) => store.appendToStream(id, [{ type: "Renamed", data: { email, name: `name of ${id}` } }]);

interface IndexState {
  readonly oid: number;
  readonly valid: boolean;
}

/** The secondary indexes of the table, valid or not. */
async function indexesOf(sql: Pick<pg.Pool, "query">, schema: string): Promise<readonly IndexState[]> {
  const { rows } = await sql.query<IndexState>(
    "select i.indexrelid::int as oid, i.indisvalid as valid from pg_index as i where i.indrelid = to_regclass($1) and not i.indisprimary order by 1",
    [`${pg.escapeIdentifier(schema)}.users__v1`],
  );
  return rows;
}

/** Who builds an index concurrently now: a build waits there for the transaction that is open. */
async function builders(sql: pg.Pool): Promise<readonly number[]> {
  const { rows } = await sql.query<{ pid: number }>(
    "select pid from pg_stat_progress_create_index where datname = current_database() and command = 'CREATE INDEX CONCURRENTLY' and phase like 'waiting%'",
  );
  return rows.map(({ pid }) => pid);
}

/** While `work` runs, a transaction has written to the collection and is open. */
async function whileWriting<T>(sql: pg.Pool, schema: string, work: (commit: () => Promise<void>) => Promise<T>): Promise<T> {
  const writer = await sql.connect();
  let open = true;
  const commit = async (): Promise<void> => {
    if (open) await writer.query("commit");
    open = false;
  };
  try {
    await writer.query(`begin; update ${pg.escapeIdentifier(schema)}.users__v1 set _updated = _updated where _id = 'u-1'`);
    return await work(commit);
  } finally {
    await commit();
    writer.release();
  }
}

const building = (sql: pg.Pool): Promise<number> =>
  eventually(async () => {
    const [pid] = await builders(sql);
    expect(pid).toBeDefined();
    return pid ?? 0;
  });

describe("an index that is new to a collection", () => {
  test("is built while appends write documents", async ({ openStore, sql, schema }) => {
    const store = await openStore({ projections: [users([])] });
    await rename(store, "u-1", "1@x");
    await whileWriting(sql, schema, async (commit) => {
      const opening = openStore({ projections: [byName] });
      await building(sql);
      // A plain build would let none of these in.
      for (let n = 2; n <= 20; n++) await rename(store, `u-${n}`, `${n}@x`);
      expect(await builders(sql)).toHaveLength(1);
      await commit();
      const later = await opening;
      expect(await later.documents(byName).find({ where: { name: "name of u-20" } })).toMatchObject([{ _id: "u-20" }]);
    });
    expect(await indexesOf(sql, schema)).toMatchObject([{ valid: true }]);
    const { rows } = await sql.query(`select pg_catalog.count(*)::int as n from ${pg.escapeIdentifier(schema)}.users__v1`);
    expect(rows).toEqual([{ n: 20 }]);
  });

  test("is built once by many processes", async ({ openStore, databaseUrl, sql, schema }) => {
    const store = await openStore({ projections: [users([])] });
    await rename(store, "u-1", "1@x");
    const both = users([{ path: "name" }, { path: "email", unique: true }]);
    const stores = await whileWriting(sql, schema, async (commit) => {
      const opening = Array.from({ length: 4 }, () => openEventStore(databaseUrl, { schema, projections: [both] }));
      await building(sql);
      await rename(store, "u-2", "2@x");
      await commit();
      return await Promise.all(opening);
    });
    await Promise.all(stores.map((one) => one.close()));
    const before = await indexesOf(sql, schema);
    expect(before).toMatchObject([{ valid: true }, { valid: true }]);
    await openStore({ projections: [both] });
    expect(await indexesOf(sql, schema)).toEqual(before);
  });

  test("is repaired where a build was killed", async ({ openStore, databaseUrl, sql, schema }) => {
    const store = await openStore({ projections: [users([])] });
    await rename(store, "u-1", "1@x");
    await whileWriting(sql, schema, async () => {
      const killed = openEventStore(databaseUrl, { schema, projections: [uniqueEmail] });
      const refused = expect(killed).rejects.toMatchObject({ code: "CONNECTION" });
      await sql.query("select pg_terminate_backend($1)", [await building(sql)]);
      await refused;
    });
    const [left] = await indexesOf(sql, schema);
    expect(left).toMatchObject({ valid: false });
    const mended = await openStore({ projections: [uniqueEmail] });
    const [valid] = await indexesOf(sql, schema);
    expect(valid).toMatchObject({ valid: true });
    expect(valid?.oid).not.toBe(left?.oid);
    await expect(rename(mended, "u-2", "1@x")).rejects.toMatchObject({ code: "PROJECTION_FAILED", path: "email" });
  });

  test("is left to a server that still builds it for a process that is gone", async ({ openStore, sql, schema }) => {
    const store = await openStore({ projections: [byName] });
    await rename(store, "u-1", "1@x");
    const { rows } = await sql.query<{ definition: string; name: string }>(
      "select pg_get_indexdef(i.indexrelid) as definition, i.indexrelid::regclass::text as name from pg_index as i where i.indrelid = to_regclass($1) and not i.indisprimary",
      [`${pg.escapeIdentifier(schema)}.users__v1`],
    );
    const { definition = "", name = "" } = rows[0] ?? {};
    await sql.query(`drop index ${name}`);
    await whileWriting(sql, schema, async (commit) => {
      const orphan = sql.query(definition.replace("CREATE INDEX", "CREATE INDEX CONCURRENTLY"));
      await building(sql);
      const [begun] = await indexesOf(sql, schema);
      const opening = openStore({ projections: [byName] });
      // It holds the turn, tries the table, and has dropped nothing.
      await eventually(async () => {
        const trying = await sql.query(
          "select 1 from pg_stat_activity where datname = current_database() and query like 'rollback%tidemark_index_statement%' and state = 'idle'",
        );
        expect(trying.rowCount).toBe(1);
      });
      await commit();
      await Promise.all([orphan, opening]);
      expect(await indexesOf(sql, schema)).toEqual([{ oid: begun?.oid, valid: true }]);
    });
  });

  test("waits as long as it must, whatever the role's limits are", async ({ openStore, databaseUrl, sql, schema }) => {
    const store = await openStore({ projections: [users([])] });
    await rename(store, "u-1", "1@x");
    const url = new URL(databaseUrl);
    url.searchParams.set("options", "-c lock_timeout=100 -c default_transaction_read_only=on");
    const bounded = await whileWriting(sql, schema, async (commit) => {
      const opening = openEventStore(url.href, { schema, projections: [byName], logger: { debug() {}, info() {}, warn() {}, error() {} } });
      await building(sql);
      await sql.query("select pg_sleep(0.3)");
      await commit();
      return await opening;
    });
    await bounded.close();
    expect(await indexesOf(sql, schema)).toMatchObject([{ valid: true }]);
  });
});

describe.for(drivers)("an index that is new to a collection on $driver", ({ test: on }) => {
  on("is there once a store is open, and is used", async ({ open }) => {
    await rename(await open({ projections: [users([])] }), "u-1", "1@x");
    const store = await open({ projections: [users([{ path: "name" }, { paths: ["email", "name"] }])] });
    const { rows } = await store.query<{ n: number }>("select pg_catalog.count(*)::int as n from pg_catalog.pg_indexes where tablename = 'users__v1'");
    expect(rows).toEqual([{ n: 3 }]);
  });

  on("is refused with the documents that repeat a value, where it is unique", async ({ open }) => {
    const before = await open({ projections: [users([])] });
    const acme = before.forTenant("acme");
    for (const [id, email] of [
      ["u-1", "a@x"],
      ["u-2", "a@x"],
      ["u-3", "b@x"],
      ["u-4", "a@x"],
      ["u-5", "b@x"],
      ["u-6", "c@x"],
    ] as const)
      await rename(before, id, email);
    await rename(acme, "u-9", "c@x");
    await expect(open({ projections: [uniqueEmail] })).rejects.toMatchObject({
      code: "INDEX_REFUSED",
      collection: "users",
      version: 1,
      paths: ["email"],
      duplicates: [
        { tenant: "", values: ["a@x"], documentIds: ["u-1", "u-2", "u-4"], count: 3 },
        { tenant: "", values: ["b@x"], documentIds: ["u-3", "u-5"], count: 2 },
      ],
      message: expect.stringMatching(/"email".*"u-1", "u-2", "u-4" have the same, \["a@x"\], and there are others/),
      cause: expect.objectContaining({ sqlState: "23505" }),
    });
    // No half of an index refuses what the old definition allows.
    await rename(before, "u-6", "a@x");
    for (const [n, id] of ["u-2", "u-4", "u-5", "u-6"].entries()) await rename(before, id, `${n}@x`);
    const store = await open({ projections: [uniqueEmail] });
    await expect(rename(store, "u-7", "b@x")).rejects.toMatchObject({ code: "PROJECTION_FAILED", documentId: "u-7" });
  });
});

describe.for(drivers)("a new index of a collection on $driver", ({ test: onDriver }) => {
  onDriver("is built when the store opens", async ({ open, schema }) => {
    const first = await open({ projections: [users([])] });
    await rename(first, "u-1", "1@x");
    const store = await open({ projections: [users([{ path: "email", unique: true }])] });
    const { rows } = await store.query(
      "select i.indisvalid as valid from pg_catalog.pg_index as i where i.indrelid = $1::text::pg_catalog.regclass and not i.indisprimary",
      [`${pg.escapeIdentifier(schema)}.users__v1`],
    );
    expect(rows).toEqual([{ valid: true }]);
    await expect(rename(store, "u-2", "1@x")).rejects.toMatchObject({ code: "PROJECTION_FAILED", path: "email" });
  });
});
