import { quoteIdentifier } from "../../src/database/identifier.ts";
import { functionTexts } from "../../src/schema/sql.generated.ts";
import { expect, test } from "./test.ts";

test("a batch finds its instances by joining their names, also in a table that was not analyzed", async ({ schema, sql, store }) => {
  expect(await store.processes.list()).toEqual([]);
  const at = quoteIdentifier(schema);
  await sql.query(`alter table ${at}.process_instances set (autovacuum_enabled = off)`);
  await sql.query(
    `insert into ${at}.process_instances (process, version, instance, hash, state, state_version, inputs, handled)
     select 'checkout', 1, 'cart-' || n, n, '{}', 1, 1, 1 from generate_series(1, 3000) as n`,
  );
  const text = functionTexts.find(({ name }) => name === "load_process_instances")?.text ?? "";
  const body = text.split("$tidemark$")[1] ?? "";
  const names = JSON.stringify(Array.from({ length: 500 }, (_, n) => `cart-${2_900 + n}`));
  const values = { tenant: "''::text", process: "'checkout'::text", version: "1", instances: `'${names}'::jsonb` };
  const query = body.replaceAll(':"schema"', at).replaceAll(/\bp_(\w+)/g, (whole, name) => Object(values)[name] ?? whole);
  expect((await sql.query(query)).rows).toHaveLength(101);
  const { rows } = await sql.query<{ "QUERY PLAN": string }>(`explain (analyze, costs off) ${query}`);
  const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
  // What PostgreSQL does with "= any" there: it compares each of 3,000 instances with each of 500 names.
  expect(plan).not.toMatch(/Filter: .*ANY/);
  expect(plan).toMatch(/Join|Nested Loop/);
});
