import pg from "pg";
import { documentProjection, type Event, openEventStore } from "../../src/index.ts";
import { expect, test } from "../support/test.ts";

type Counted = Event<"Counted">;

const counter = documentProjection<{ readonly n: number }, Counted>({
  name: "counter",
  mode: "inline",
  collection: "counters",
  documentId: ({ streamId }) => streamId,
  evolve: { Counted: (document) => ({ n: (document?.n ?? 0) + 1 }) },
});

/** So often PostgreSQL plans a prepared statement anew before it may keep a plan. */
const planned = 5;

test("an append keeps the plans that lock its documents, and they use the index although the table was a page when they were made", async ({
  databaseUrl,
  schema,
  sql,
}) => {
  const settings = ["log_min_duration=0", "log_level=notice"].map((setting) => `-c auto_explain.${setting}`).join(" ");
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1, options: `-c session_preload_libraries=auto_explain ${settings}` });
  const plans: string[] = [];
  pool.on("connect", (client) => client.on("notice", ({ message }) => void plans.push(message ?? "")));
  const store = await openEventStore({ pool, schema, projections: [counter] });
  await store.appendToStream("c-1", [{ type: "Counted", data: {} }]);
  // From now on the planner knows that the whole table is one page, and reads it rather than an index where it may choose.
  const table = await sql.query<{ name: string }>(
    "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = $1 and tablename like 'counters%'",
    [schema],
  );
  expect(table.rows).toHaveLength(1);
  await sql.query(`vacuum analyze ${table.rows[0]?.name}`);
  plans.length = 0;
  for (let n = 0; n < planned + 3; n++) await store.appendToStream(`c-${n % 2}`, [{ type: "Counted", data: {} }]);

  const { rows } = await pool.query<{ name: string; kept: string }>(
    "select name, generic_plans as kept from pg_prepared_statements where name ~ 'tidemark_(lock_documents|claim_absent_documents)'",
  );
  expect(new Map(rows.map(({ name, kept }) => [/tidemark_[a-z_]+_documents/.exec(name)?.[0], Number(kept) > 0]))).toEqual(
    new Map([
      ["tidemark_claim_absent_documents", true],
      ["tidemark_lock_documents", true],
    ]),
  );
  const locking = plans.filter((plan) => /tidemark_(lock_documents|claim_absent_documents)/.test(plan));
  expect(locking.length).toBe(2 * (planned + 3));
  expect(locking.filter((plan) => /Seq Scan/.test(plan))).toEqual([]);
  expect(await store.documents<{ readonly n: number }>("counters").get("c-1")).toMatchObject({ n: 5 });
  await store.close();
  await pool.end();
});
