import { openEventStore } from "../../src/index.ts";
import { describe, expect, test } from "./test.ts";
import { addLeaf, partition } from "./partitions.ts";

const columns = `
  select c.relname as table, a.attcompression::text as compression
    from pg_catalog.pg_attribute as a
    join pg_catalog.pg_class as c on c.oid operator(pg_catalog.=) a.attrelid
   where c.relnamespace operator(pg_catalog.=) $1::regnamespace and c.relkind operator(pg_catalog.=) any ('{r,p}')
     and c.relname operator(pg_catalog.~) '^events(_[0-9]+)?$' and a.attname operator(pg_catalog.=) 'data'
   order by c.relname`;

describe("the data of events is compressed", () => {
  test("with lz4 where the server has it, in leaves of a partitioned log too, and SQL sees it", async ({ store, sql, schema }) => {
    const quoted = `"${schema.replaceAll('"', '""')}"`;
    const { rows: known } = await sql.query<{ lz4: boolean }>(
      "select 'lz4' operator(pg_catalog.=) any (enumvals) as lz4 from pg_catalog.pg_settings where name operator(pg_catalog.=) 'default_toast_compression'",
    );
    const method = known[0]?.lz4 ? "lz4" : "pglz";
    const mark = method === "lz4" ? "l" : "";
    const found = async (): Promise<unknown> => (await sql.query(columns, [quoted])).rows;
    expect(await found()).toEqual([{ table: "events", compression: mark }]);

    const lines = Array.from({ length: 2_000 }, (_, line) => ({ sku: `sku-${line}`, price: line }));
    await store.appendToStream("cart-1", [{ type: "CartImported", data: { lines, note: "x".repeat(100_000) } }]);
    await partition(sql, schema, 1_000);
    await addLeaf(sql, schema, 2_000, 3_000);
    expect(await found()).toEqual(["events", "events_0", "events_1000", "events_2000"].map((table) => ({ table, compression: mark })));

    const { rows } = await sql.query(
      `select pg_catalog.pg_column_compression(e.data) as method, e.data #>> '{lines,1999,sku}' as sku, pg_catalog.length(e.data ->> 'note') as note
         from ${quoted}.events as e where e.data operator(pg_catalog.@>) '{"lines": [{"sku": "sku-7"}]}'`,
    );
    expect(rows).toEqual([{ method, sku: "sku-1999", note: 100_000 }]);
    expect((await store.readAll().toArray())[0]?.data).toMatchObject({ lines: { length: 2_000 } });
  });

  test("with what a server can, which the store does not mind", async ({ databaseUrl, schema, store, sql }) => {
    await store.appendToStream("cart-1", [{ type: "CartImported", data: { note: "x".repeat(100_000) } }]);
    await sql.query(`alter table "${schema.replaceAll('"', '""')}".events alter column data set compression pglz`);
    await using verified = await openEventStore(databaseUrl, { schema, migrate: "verify" });
    await verified.appendToStream("cart-1", [{ type: "CartImported", data: { note: "y".repeat(100_000) } }]);
    expect((await verified.readAll().toArray()).map(({ version }) => version)).toEqual([1, 2]);
  });
});
