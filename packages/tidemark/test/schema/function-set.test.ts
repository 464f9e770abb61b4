import pg from "pg";
import { openEventStore } from "../../src/index.ts";
import { createFunctionSet, functionSet, type FunctionSet, keptSets, suffixOf } from "../../src/schema/function-set.ts";
import { migrate } from "../../src/schema/migrate.ts";
import { migrations } from "../../src/schema/migrations.ts";
import { functionTexts } from "../../src/schema/sql.generated.ts";
import { describe, expect, test } from "./test.ts";

/** The functions of another version of this package, in which `blockers()` finds somebody called as the version. */
function otherVersion(name: string): FunctionSet {
  const body = `begin return query select 1, ${pg.escapeLiteral(name)}, '', '', 0::bigint, 0::bigint; end`;
  return createFunctionSet(
    functionTexts.map((one) =>
      one.name === "blockers" ? { ...one, text: one.text.replace(/\$tidemark\$[^]*\$tidemark\$/, () => `$tidemark$ ${body} $tidemark$`) } : one,
    ),
  );
}

/** The object ids of a set's functions. */
async function objects(sql: pg.Pool, schema: string, set: FunctionSet): Promise<readonly number[]> {
  const { rows } = await sql.query<{ oid: number }>(
    "select p.oid::int as oid from pg_proc as p join pg_namespace as n on n.oid = pronamespace where nspname = $1 and right(proname, 9) = $2 order by 1",
    [schema, suffixOf(set)],
  );
  return rows.map(({ oid }) => oid);
}

/** What the function of the plain name answers. */
async function blockers(sql: pg.Pool, schema: string): Promise<readonly string[]> {
  const { rows } = await sql.query<{ transaction: string }>(`select transaction from ${pg.escapeIdentifier(schema)}.blockers()`);
  return rows.map(({ transaction }) => transaction);
}

describe("the functions of another version", () => {
  test("stand beside those in use, which stay the same objects, and get the public names", async ({ database, databaseUrl, schema, sql }) => {
    await using store = await openEventStore(databaseUrl, { schema });
    const own = await objects(sql, schema, functionSet);
    expect(own).toHaveLength(functionTexts.length);
    expect(await blockers(sql, schema)).toEqual([]);

    const newer = otherVersion("newer");
    expect(await migrate(database, schema, { shipped: { migrations, functions: newer } })).toEqual([newer]);
    expect(await objects(sql, schema, functionSet)).toEqual(own);
    expect(await objects(sql, schema, newer)).toHaveLength(functionTexts.length);
    expect(await blockers(sql, schema)).toEqual(["newer"]);
    expect(await store.blockers()).toEqual([]);
    await store.appendToStream("cart-1", [{ type: "ItemAdded", data: {} }]);
    // Going back needs nothing: the functions are still there.
    expect(await migrate(database, schema)).toEqual([]);
    await using again = await openEventStore(databaseUrl, { schema, migrate: "verify" });
    expect(await again.readStream("cart-1").toArray()).toHaveLength(1);
  });

  test("replace those of long ago, which come back when their version does", async ({ database, databaseUrl, schema, sql }) => {
    await migrate(database, schema);
    const later = Array.from({ length: keptSets }, (_, index) => otherVersion(`later ${index}`));
    for (const [index, functions] of later.entries()) {
      await migrate(database, schema, { shipped: { migrations, functions } });
      expect(await objects(sql, schema, functionSet)).toHaveLength(index < keptSets - 1 ? functionTexts.length : 0);
    }
    await expect(openEventStore(databaseUrl, { schema, migrate: "verify" })).rejects.toMatchObject({ code: "SCHEMA_OUTDATED" });
    expect(await migrate(database, schema)).toEqual([functionSet]);
    expect(await blockers(sql, schema)).toEqual([]);
    await using store = await openEventStore(databaseUrl, { schema, migrate: "verify" });
    await store.appendToStream("cart-1", [{ type: "ItemAdded", data: {} }]);
  });
});
