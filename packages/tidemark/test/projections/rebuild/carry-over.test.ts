import pg from "pg";
import { createRole } from "../../schema/roles.ts";
import { itemAdded } from "../../support/cart.ts";
import { eventually, expect, test } from "../../support/test.ts";
import { counts } from "./versions.ts";

const tea = itemAdded("tea", 1, 1);

test("carries grants and indexes of the old table over to the new one", async ({ openStore, sql, schema }) => {
  const at = pg.escapeIdentifier(schema);
  await using role = await createRole(sql);
  const store = await openStore({ projections: [counts(1)] });
  await store.appendToStream("cart-1", [tea]);
  await sql.query(`
    grant select on ${at}.counts__v1 to ${role.name} with grant option;
    grant update (metadata) on ${at}.counts__v1 to ${role.name};
    grant select on ${at}.counts to ${role.name};
    create index counts__v1_by_n on ${at}.counts__v1 ((data -> 'n')) where _partition = '';
    create unique index mine on ${at}.counts__v1 (_id, _partition)`);
  const both = await openStore({ projections: [counts(1), counts(2)] });
  await eventually(async () => expect(await both.projections.get("counts")).toMatchObject({ version: 2, serving: true }));
  const { rows: indexes } = await sql.query<{ indexname: string }>(
    "select indexname, indexdef from pg_indexes where schemaname = $1 and tablename = 'counts__v2' order by indexname",
    [schema],
  );
  expect(indexes.map(({ indexname }) => indexname)).toEqual(["counts__v2_by_n", "counts__v2_pkey", "mine_v2"]);
  expect(indexes[0]).toMatchObject({ indexdef: expect.stringContaining("WHERE (_partition = ''::text)") });
  const { rows: rights } = await sql.query(
    `select has_table_privilege($1, $2, 'select with grant option') as read, has_column_privilege($1, $2, 'metadata', 'update') as metadata,
            has_column_privilege($1, $2, 'data', 'update') as data, has_table_privilege($1, $3, 'select') as view`,
    [role.name, `${at}.counts__v2`, `${at}.counts`],
  );
  expect(rights).toEqual([{ read: true, metadata: true, data: false, view: true }]);
  // Dropped before the roles.
  await sql.query(`drop owned by ${role.name}`);
});

test("names who keeps an index of yours from being carried over, and a signal ends the wait", async ({ openStore, sql, schema }) => {
  const at = pg.escapeIdentifier(schema);
  const warnings: string[] = [];
  const logger = { debug() {}, info() {}, warn: (warning: unknown) => void warnings.push(String(warning)), error() {} };
  const store = await openStore({ projections: [counts(1), counts(2, { rebuild: "manual" })], logger });
  await store.appendToStream("cart-1", [tea]);
  await store.projections.rebuild("counts", { swap: "manual" });
  await sql.query(`create index mine on ${at}.counts__v1 ((data -> 'n'))`);
  const valid = async (): Promise<unknown> =>
    (await sql.query("select indisvalid as valid from pg_index where indexrelid = $1::text::regclass", [`${at}.mine_v2`])).rows;
  const stranger = await sql.connect();
  try {
    const { rows } = await stranger
      .query<{ pid: number }>(`begin; insert into ${at}.counts__v2 (_id, data) values ('x', '{}'); select pg_backend_pid() as pid`)
      .then((results) => (Array.isArray(results) ? results.at(-1) : results));
    const enough = new AbortController();
    const refused = expect(store.projections.swap("counts", { signal: enough.signal })).rejects.toThrow("enough");
    await eventually(() => expect(warnings).toEqual([expect.stringContaining(`process ${rows[0]?.pid} (`)]));
    // Nobody else waits for that.
    await store.appendToStream("cart-1", [tea]);
    enough.abort(new Error("enough"));
    await refused;
    expect(await valid()).toEqual([{ valid: false }]);
    expect(await store.projections.get("counts", { version: 1 })).toMatchObject({ serving: true });
  } finally {
    stranger.release(true);
  }
  // What the one before left behind is created anew.
  expect(await store.projections.swap("counts")).toMatchObject({ version: 2, serving: true });
  expect(await valid()).toEqual([{ valid: true }]);
});

test("names what hangs on the old table, does not swap by itself then, and leaves it there when allowed", async ({ openStore, sql, schema }) => {
  const at = pg.escapeIdentifier(schema);
  const store = await openStore({ projections: [counts(1)] });
  await store.appendToStream("cart-1", [tea]);
  await sql.query(`
    create view ${at}.of_the_table as select _id from ${at}.counts__v1;
    create view ${at}.of_the_view as select _id, data ->> 'by' as by from ${at}.counts;
    create table ${at}.pointing (partition text, id text, foreign key (partition, id) references ${at}.counts__v1 (_partition, _id));
    alter table ${at}.counts__v1 enable row level security;
    create policy only_mine on ${at}.counts__v1 using (true)`);
  const errors: string[] = [];
  const logger = { debug() {}, info() {}, warn() {}, error: (message: unknown) => void errors.push(String(message)) };
  const both = await openStore({ projections: [counts(1), counts(2)], logger });
  const dependents = [
    { kind: "foreign key", name: expect.stringContaining("pointing") },
    { kind: "policy", name: "only_mine" },
    { kind: "view", name: expect.stringContaining("of_the_table") },
  ];
  await eventually(() => expect(errors.join("\n")).toContain("what cannot be carried over"));
  expect(await both.projections.get("counts")).toMatchObject({ version: 2, serving: false, build: { dependents } });
  await expect(both.projections.swap("counts")).rejects.toMatchObject({ code: "PROJECTION_DEPENDENTS", projection: "counts", version: 2, dependents });
  await expect(both.projections.rebuild("counts")).rejects.toMatchObject({ code: "PROJECTION_DEPENDENTS" });
  // Made by hand on the new table, it is not missed any more.
  await sql.query(`create policy only_mine on ${at}.counts__v2 using (true)`);
  expect((await both.projections.get("counts")).build?.dependents).toHaveLength(2);
  expect(await both.projections.swap("counts", { dependents: "keep" })).toMatchObject({ version: 2, serving: true });
  expect((await sql.query(`select by from ${at}.of_the_view`)).rows).toEqual([{ by: "2" }]);
  await expect(both.projections.drop("counts", 1)).rejects.toMatchObject({ code: "PROJECTION_DEPENDENTS" });
  await sql.query(`drop view ${at}.of_the_table; drop table ${at}.pointing`);
  await both.projections.drop("counts", 1);
  expect(await both.documents("counts").get("cart-1")).toMatchObject({ by: 2 });
});

test("names whatever kind of thing hangs on the old table", async ({ openStore, sql, schema }) => {
  const at = pg.escapeIdentifier(schema);
  const store = await openStore({ projections: [counts(1), counts(2, { rebuild: "manual" })] });
  await store.appendToStream("cart-1", [tea]);
  await store.projections.rebuild("counts", { swap: "manual" });
  expect((await store.projections.get("counts")).build?.dependents).toEqual([]);
  await sql.query(`
    create materialized view ${at}.kept as select _id from ${at}.counts__v1;
    create function ${at}.newest() returns text begin atomic select _id from ${at}.counts__v1 limit 1; end;
    create rule watched as on delete to ${at}.counts__v1 do also nothing;
    create trigger touched before update on ${at}.counts__v1 for each row execute function suppress_redundant_updates_trigger();
    create publication ${at} for table ${at}.counts__v1`);
  const dependents = [
    { kind: "function", name: expect.stringContaining("newest()") },
    { kind: "materialized view", name: expect.stringContaining("kept") },
    { kind: "publication", name: schema },
    { kind: "rule", name: "watched" },
    { kind: "trigger", name: "touched" },
  ];
  expect((await store.projections.get("counts")).build?.dependents).toEqual(dependents);
  await expect(store.projections.swap("counts")).rejects.toMatchObject({ code: "PROJECTION_DEPENDENTS", dependents });
  await sql.query(`drop publication ${at}`);
});
