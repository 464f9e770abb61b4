import pg from "pg";
import { documentProjection, type DocumentProjection } from "tidemark";
import { plainEvents } from "../../../src/catalogue/event-codec.ts";
import { checkPool } from "../../../src/arguments/pool-options.ts";
import type { Database } from "../../../src/database/database.ts";
import { openPgDatabase } from "../../../src/database/pg.ts";
import { Feed } from "../../../src/feed/feed.ts";
import { bucketSql, isIn } from "../../../src/projections/rebuild/bucket.ts";
import { checkProjection } from "../../../src/projections/rebuild/check-call.ts";
import type { DocumentCheck } from "../../../src/projections/rebuild/check-documents.ts";
import { silent } from "../../feed/open.ts";
import { type Added, fill, type Sum, sums } from "./sums.ts";
import { defined, eager } from "./worker.ts";
import { describe, eventually, expect, test as base } from "./world.ts";

/** `check`: compares the documents of a projection with the log. */
const test = base
  .extend("database", async ({ databaseUrl }, { onCleanup }): Promise<Database> => {
    const database = await openPgDatabase({ connection: databaseUrl, settings: checkPool({}, "pool").pool, prepare: true, logger: silent });
    onCleanup(() => database.close());
    return database;
  })
  .extend("check", ({ database, schema }) => {
    const feed = new Feed(database, schema, silent);
    return (projection: DocumentProjection<object>, sample?: number | "all"): Promise<DocumentCheck> =>
      checkProjection({ database, schema, feed, codec: plainEvents }, defined(projection), { tenant: "", sample });
  });

/** Adds one more or less each time it is asked anew. */
function impure(name: string, version: number): DocumentProjection<Sum> {
  let calls = 0;
  return documentProjection<Sum, Added>({
    name,
    version,
    mode: "async",
    collection: name,
    documentId: ({ data }) => data.to,
    evolve: { Added: (document) => ({ count: (document?.count ?? 0) + ++calls }) },
  });
}

describe("a version that is built beside another one", () => {
  test("gets its indexes and is ready once a second fold has made the same of the log", async ({ openStore, sql, schema, start }) => {
    const store = await openStore();
    await fill(store, 1_000, 20);
    await (await start([sums("sums")], { limits: eager })).worker.caughtUp();
    const second = sums("sums", { version: 2, indexed: true, by: 2 });
    await (await start([second], { limits: eager })).worker.caughtUp();
    const builds = `select state, way, events::integer, documents::integer, error from ${pg.escapeIdentifier(schema)}.projection_builds`;
    await eventually(async () => expect((await sql.query(builds)).rows).toEqual([{ state: "ready", way: "fold", events: 1_000, documents: 20, error: null }]));
    const { rows: indexes } = await sql.query("select from pg_catalog.pg_indexes where schemaname = $1 and tablename = 'sums__v2'", [schema]);
    expect(indexes).toHaveLength(2);
    expect(await store.documents(second).get("d-3")).toMatchObject({ count: 100 });
  });

  test("has no index but its key and unique ones while it is folded", async ({ openStore, sql, schema, start }) => {
    const store = await openStore();
    await fill(store, 300, 20);
    await (await start([sums("sums")], { limits: eager })).worker.caughtUp();
    const indexes: number[] = [];
    const beforeCommit = async (): Promise<void> => {
      indexes.push((await sql.query("select from pg_catalog.pg_indexes where schemaname = $1 and tablename = 'sums__v2'", [schema])).rowCount ?? 0);
    };
    const building = await start([sums("sums", { version: 2, indexed: true })], { limits: eager, beforeCommit });
    await building.worker.caughtUp();
    expect(indexes[0]).toBe(1);
  });

  test("stops where the check finds a difference, and says which documents differ", async ({ openStore, start }) => {
    const store = await openStore();
    await fill(store, 300, 20);
    await (await start([impure("sums", 1)], { limits: eager })).worker.caughtUp();
    const building = await start([impure("sums", 2)], { limits: eager });
    await eventually(async () =>
      expect(await store.projections.get("sums")).toMatchObject({ version: 2, state: "failed", serving: false, build: { state: "failed" } }),
    );
    await eventually(() => expect(building.errors).toMatchObject([{ code: "PROJECTION_CHECK_FAILED", projection: "sums", version: 2 }]));
    const { build } = await store.projections.get("sums");
    expect(build?.error).toMatchObject({
      compared: 20,
      different: 20,
      documents: Array.from({ length: 10 }, () => ({ tenant: "", id: expect.stringMatching(/^d-/), expected: expect.anything(), found: expect.anything() })),
    });
    await expect(store.projections.swap("sums", { version: 2 })).rejects.toMatchObject({ code: "PROJECTION_CHECK_FAILED", version: 2 });
    expect(await store.projections.get("sums", { version: 1 })).toMatchObject({ serving: true });
  });

  test("is read no faster than was asked for", async ({ openStore, sql, schema, start }) => {
    const store = await openStore();
    await fill(store, 300, 20);
    await (await start([sums("sums")], { limits: eager })).worker.caughtUp();
    const second = sums("sums", { version: 2 });
    // It is asked for at a pace at which it takes minutes.
    await sql.query(`insert into ${pg.escapeIdentifier(schema)}.projection_builds (name, version, target, events_per_second) values ('sums', 2, 300, 1)`);
    const building = await start([second], { limits: eager });
    await eventually(async () => expect((await store.projections.get("sums")).position).toBeGreaterThan(0));
    // Another one that begins later is at the end before it.
    await (await start([sums("control")], { limits: eager })).worker.caughtUp();
    await building.stop();
    expect((await store.projections.get("sums")).position).toBeLessThan(300);
  });
});

describe("a check of documents", () => {
  test.for(["async", "inline"] as const)(
    "of an %s projection finds what is missing, wrong and too much, and nothing where all is well",
    async (mode, { openStore, sql, schema, start, check }) => {
      const projection = sums("sums", { mode });
      const store = await openStore(mode === "inline" ? { projections: [projection] } : {});
      await fill(store, 500, 50);
      if (mode === "async") await (await start([projection], { limits: eager })).worker.caughtUp();
      expect(await check(projection)).toEqual({ documents: 50, compared: 50, different: 0, differences: [] });
      const table = `${pg.escapeIdentifier(schema)}.sums__v1`;
      await sql.query(
        `delete from ${table} where _id = 'd-1'; update ${table} set data = jsonb_set(data, '{count}', '11') where _id = 'd-2'; insert into ${table} (_id, data) values ('d-x', '{}')`,
      );
      const { different, differences } = await check(projection, "all");
      expect(different).toBe(3);
      expect(differences.toSorted((a, b) => a.id.localeCompare(b.id))).toEqual([
        { tenant: "", id: "d-1", expected: { count: 10, text: "1" }, found: undefined },
        { tenant: "", id: "d-2", expected: { count: 10, text: "2" }, found: { count: 11, text: "2" } },
        { tenant: "", id: "d-x", expected: undefined, found: {} },
      ]);
    },
  );

  test("compares about as many documents as it was asked to, and a part in a collection that is written all the while", async ({ openStore, start, check }) => {
    const projection = sums("sums");
    const store = await openStore();
    await fill(store, 1_000, 400);
    await start([projection], { limits: eager });
    const run = { going: true };
    const appending = (async () => {
      for (let n = 0; run.going; n++) await store.appendToStream("s-1", [{ type: "Added", data: { to: `d-${n % 400}` } } satisfies Added]);
    })();
    await eventually(async () => expect((await store.projections.get("sums")).position).toBeGreaterThan(1_000));
    const checks: DocumentCheck[] = [];
    try {
      while (checks.length < 5) checks.push(await check(projection, 40));
    } finally {
      run.going = false;
      await appending;
    }
    for (const { compared, different } of checks) {
      expect(different).toBe(0);
      expect(compared).toBeGreaterThan(10);
      expect(compared).toBeLessThan(100);
    }
  });

  test("compares documents with the events from where their follower began", async ({ openStore, sql, schema, check }) => {
    const store = await openStore();
    await fill(store, 30, 5);
    const late = sums("late", { startFrom: "end" });
    await using worker = store.createWorker({ projections: [late] });
    await worker.start();
    await fill(store, 30, 5);
    await worker.caughtUp();
    expect(await check(late, "all")).toMatchObject({ documents: 5, compared: 5, different: 0 });
    await sql.query(`update ${pg.escapeIdentifier(schema)}.late__v1 set data = pg_catalog.jsonb_set(data, '{count}', '12') where _id = 'd-1'`);
    expect(await check(late, "all")).toMatchObject({ different: 1, differences: [{ id: "d-1" }] });
  });

  test("compares a version that began at the end of the log before it serves", async ({ openStore, sql, schema, start }) => {
    const store = await openStore();
    await fill(store, 30, 5);
    await (await start([sums("sums")], { limits: eager })).worker.caughtUp();
    await (await start([sums("sums", { version: 2, startFrom: "end" })], { limits: eager })).worker.caughtUp();
    const builds = `select state, error from ${pg.escapeIdentifier(schema)}.projection_builds`;
    await eventually(async () => expect((await sql.query(builds)).rows).toEqual([{ state: "ready", error: null }]));
  });

  test("puts each document into the same bucket as the database does", async ({ sql }) => {
    const ids = Array.from({ length: 200 }, (_, n) =>
      Array.from(`${n}-ü€😀`)
        .slice(0, 1 + (n % 8))
        .join(""),
    );
    for (const of of [1, 7, 1_000]) {
      const { rows } = await sql.query<{ _id: string }>(`select d._id from unnest($3::text[]) as d (_id) where ${bucketSql.replaceAll("pg_catalog.", "")}`, [
        of,
        0,
        ids,
      ]);
      expect(rows.map(({ _id }) => _id)).toEqual(ids.filter((id) => isIn({ index: 0, of }, id)));
    }
  });
});
