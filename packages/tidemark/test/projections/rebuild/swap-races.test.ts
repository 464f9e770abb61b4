import { startProxy } from "@tidemark/servers";
import pg from "pg";
import { type EventStore, openEventStore, type ProjectionInfo, type RebuildProgress } from "../../../src/index.ts";
import { waitsForLock } from "../../schema/gates.ts";
import { itemAdded } from "../../support/cart.ts";
import { fn } from "../../support/functions.ts";
import { eventually, expect, test } from "../../support/test.ts";
import { holdingUpWrites } from "../holding-up.ts";
import { counts } from "./versions.ts";

const tea = itemAdded("tea", 1, 1);
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const manual = (version: number) => counts(version, { rebuild: "manual" });

function of(store: EventStore, version: number): Promise<ProjectionInfo> {
  return store.projections.get("counts", { version });
}

/** Version 2 is live beside version 1, which serves, and waits for the call. */
async function ready(open: (options?: object) => Promise<EventStore>): Promise<EventStore> {
  const store = await open({ projections: [counts(1), manual(2)] });
  await store.appendToStream("cart-1", [tea]);
  await store.projections.rebuild("counts", { swap: "manual" });
  return store;
}

test("a reader who holds the view for long keeps no append waiting, and the swap comes after it", async ({ openStore, sql, schema }) => {
  const at = pg.escapeIdentifier(schema);
  const store = await ready(openStore);
  const reader = await sql.connect();
  try {
    await reader.query(`begin; select * from ${at}.counts`);
    const swapping = store.projections.swap("counts");
    for (let n = 0; n < 3; n++) {
      const pid = await waitsForLock(sql, "create or replace view");
      // The gate is open all the while: appends would wait behind the reader.
      // In one look, since a moment later the session may be at something else.
      const { rows } = await sql.query(
        `with locks as materialized (select locktype, granted from pg_locks where pid = $1)
         select from locks as held where held.locktype = 'advisory' and held.granted and exists (select from locks as wanted where not wanted.granted)`,
        [pid],
      );
      expect(rows).toEqual([]);
      await store.appendToStream("cart-1", [tea]);
    }
    await expect(store.projections.swap("counts", { timeoutMs: 0 })).rejects.toMatchObject({ code: "PROJECTION_NOT_READY", reason: "busy", retryable: true });
    // It sees the one version all the while.
    expect((await reader.query<{ by: number }>(`select (data ->> 'by')::int as by from ${at}.counts`)).rows).toEqual([{ by: 1 }]);
    await reader.query("commit");
    expect(await swapping).toMatchObject({ version: 2, serving: true });
  } finally {
    reader.release(true);
  }
  expect(await store.documents("counts").get("cart-1")).toMatchObject({ n: 4, by: 2 });
});

test("a signal ends a rebuild whose swap waits, and the next call has the version serve", async ({ openStore, sql, schema }) => {
  const store = await ready(openStore);
  const reader = await sql.connect();
  try {
    await reader.query(`begin; select * from ${pg.escapeIdentifier(schema)}.counts`);
    const enough = new AbortController();
    const ended = expect(store.projections.rebuild("counts", { signal: enough.signal })).rejects.toThrow("enough");
    await waitsForLock(sql, "create or replace view");
    enough.abort(new Error("enough"));
    await ended;
    expect(await of(store, 2)).toMatchObject({ serving: false });
  } finally {
    reader.release(true);
  }
  expect(await store.projections.rebuild("counts")).toMatchObject({ version: 2, serving: true });
});

test("an old snapshot that keeps a version from serving by itself is named in the log and in the progress", async ({ openStore, sql, schema }) => {
  const warnings: string[] = [];
  const store = await openStore({ projections: [counts(1)] });
  await store.appendToStream("cart-1", [tea]);
  const reader = await sql.connect();
  try {
    await reader.query(`begin isolation level repeatable read; select 1 from ${pg.escapeIdentifier(schema)}.events`);
    const { rows } = await reader.query<{ pid: number }>("select pg_backend_pid() as pid");
    const holder = expect.stringContaining(`process ${rows[0]?.pid} `);
    const next = await openStore({
      projections: [counts(1), counts(2)],
      logger: { ...quiet, warn: (warning: unknown) => void warnings.push(String(warning)) },
    });
    const progress: RebuildProgress[] = [];
    const rebuilding = next.projections.rebuild("counts", { onProgress: (seen) => void progress.push(seen) });
    await eventually(() => expect(progress.at(-1)).toMatchObject({ state: "ready", waitingFor: [holder] }));
    await eventually(() => expect(warnings).toEqual([holder]));
    await reader.query("commit");
    expect(await rebuilding).toMatchObject({ serving: true });
    expect(progress.at(-1)).toMatchObject({ waitingFor: [] });
  } finally {
    reader.release(true);
  }
});

test("a reader in REPEATABLE READ whose snapshot is older than the version ends before it serves", async ({ openStore, sql, schema }) => {
  const at = pg.escapeIdentifier(schema);
  const store = await openStore({ projections: [counts(1), manual(2)] });
  await store.appendToStream("cart-1", [tea]);
  const reader = await sql.connect();
  try {
    await reader.query(`begin isolation level repeatable read; select 1 from ${at}.events`);
    const { rows } = await reader.query<{ pid: number }>("select pg_backend_pid() as pid");
    await store.projections.rebuild("counts", { swap: "manual" });
    await expect(store.projections.swap("counts", { timeoutMs: 300 })).rejects.toMatchObject({
      code: "PROJECTION_NOT_READY",
      reason: "snapshots",
      message: expect.stringContaining(`process ${rows[0]?.pid} `),
    });
    expect((await reader.query(`select data ->> 'n' as n, data ->> 'by' as by from ${at}.counts`)).rows).toEqual([{ n: "1", by: "1" }]);
    const swapping = store.projections.swap("counts");
    await reader.query("commit");
    await swapping;
    // One that begins now, and lasts over what comes, is in nobody's way.
    await reader.query(`begin isolation level repeatable read; select * from ${at}.counts`);
    await store.appendToStream("cart-1", [tea]);
    expect((await reader.query(`select data ->> 'n' as n, data ->> 'by' as by from ${at}.counts`)).rows).toEqual([{ n: "1", by: "2" }]);
    await reader.query("commit");
  } finally {
    reader.release(true);
  }
});

test("two that swap at once come to one swap", async ({ openStore, sql, schema }) => {
  const at = pg.escapeIdentifier(schema);
  const store = await ready(openStore);
  const other = await openStore({ projections: [counts(1), manual(2)] });
  const before = await sql.query<{ epoch: string }>(`select (epoch >> 32)::text as epoch from ${at}.projection_epoch`);
  const both = await Promise.all([store.projections.swap("counts"), other.projections.swap("counts")]);
  expect(both).toMatchObject([
    { version: 2, serving: true },
    { version: 2, serving: true },
  ]);
  const after = await sql.query<{ epoch: string }>(`select (epoch >> 32)::text as epoch from ${at}.projection_epoch`);
  expect(Number(after.rows[0]?.epoch)).toBe(Number(before.rows[0]?.epoch) + 1);
});

test("a process that stands still at the beginning of a swap keeps the next one from it for a moment only", async ({ openStore, databaseUrl, schema }) => {
  const store = await ready(openStore);
  await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
  const other = await openEventStore(proxy.through(databaseUrl), { schema, projections: [counts(1), manual(2)], logger: quiet });
  const standing = Promise.withResolvers<void>();
  let stands = false;
  proxy.on("frontend", ({ bytes }) => {
    if (stands) return "swallow";
    stands = bytes.includes("begin isolation level");
    if (stands) standing.resolve();
    return "pass";
  });
  proxy.on("backend", () => (stands ? "swallow" : "pass"));
  try {
    other.projections.swap("counts").catch(() => {});
    await standing.promise;
    // Its transaction has a snapshot, which is older than the swap. By default it might be open for a minute.
    expect(await store.projections.swap("counts")).toMatchObject({ version: 2, serving: true });
  } finally {
    await proxy.close();
    await other.close({ timeoutMs: 1 });
  }
});

test("an append of old code in the middle of a swap waits for it, leaves the version behind, and nothing is lost", async ({ openStore, sql, schema }) => {
  const at = pg.escapeIdentifier(schema);
  const old = await openStore({ projections: [counts(1)], logger: quiet });
  const store = await ready(openStore);
  const swapping = await sql.connect();
  try {
    await swapping.query("begin");
    const { rows } = await swapping.query<{ verdict: string }>(`select verdict from ${at}.${fn("ready_to_swap")}('counts', 2)`);
    expect(rows).toEqual([{ verdict: "ready" }]);
    await swapping.query(
      `create or replace view ${at}.counts as select _id, data, metadata, _version, _partition, _archived, _created, _updated from ${at}.counts__v2`,
    );
    await swapping.query(`select ${at}.${fn("swap_projection")}('counts', 2)`);
    const appended = [old.appendToStream("cart-1", [tea]), store.appendToStream("cart-2", [tea])];
    await waitsForLock(sql, "append");
    await swapping.query("commit");
    await Promise.all(appended);
  } finally {
    swapping.release(true);
  }
  await eventually(async () => expect(await of(store, 2)).toMatchObject({ serving: true, state: "live" }));
  await store.appendToStream("cart-1", [tea]);
  expect(await store.documents("counts").get("cart-1")).toMatchObject({ n: 3, by: 2 });
  expect(await store.documents("counts").get("cart-2")).toMatchObject({ n: 1, by: 2 });
  expect(await old.documents(counts(1)).get("cart-1")).toMatchObject({ by: 1 });
});

test("an append that writes the version when the swap comes is waited for, and is in it", async ({ openStore, sql, schema }) => {
  const at = pg.escapeIdentifier(schema);
  const store = await ready(openStore);
  await holdingUpWrites(sql, `${at}.counts__v2`, async (release) => {
    const appending = store.appendToStream("cart-1", [tea]);
    await waitsForLock(sql, "counts__v2");
    await expect(store.projections.swap("counts", { timeoutMs: 0 })).rejects.toMatchObject({
      code: "PROJECTION_NOT_READY",
      reason: expect.stringMatching(/busy|snapshots/),
    });
    expect(await of(store, 1)).toMatchObject({ serving: true });
    await release();
    await appending;
  });
  await store.projections.swap("counts");
  expect(await store.documents("counts").get("cart-1")).toMatchObject({ n: 2, by: 2 });
});

test("where the process ends between going live and the swap, the next one swaps", async ({ openStore, sql, schema }) => {
  const at = pg.escapeIdentifier(schema);
  const first = await openStore({ projections: [counts(1)] });
  await first.appendToStream("cart-1", [tea]);
  await first.close();
  const reader = await sql.connect();
  try {
    // Nobody can swap so far.
    await reader.query(`begin; select * from ${at}.counts`);
    const dying = await openStore({ projections: [counts(1), counts(2)] });
    await eventually(async () => expect(await of(dying, 2)).toMatchObject({ state: "live", serving: false }));
    await dying.close();
    const next = await openStore({ projections: [counts(1), counts(2)] });
    expect(await of(next, 2)).toMatchObject({ serving: false });
    await reader.query("commit");
    await eventually(async () => expect(await of(next, 2)).toMatchObject({ serving: true }));
    expect(await next.documents("counts").get("cart-1")).toMatchObject({ n: 1, by: 2 });
  } finally {
    reader.release(true);
  }
});

test("new code without the old version leaves that behind, and rollBack says what it needs", async ({ openStore }) => {
  const first = await openStore({ projections: [counts(1), counts(2)] });
  await eventually(async () => expect(await of(first, 2)).toMatchObject({ serving: true }));
  await first.close();
  const store = await openStore({ projections: [counts(2)], logger: quiet });
  await store.appendToStream("cart-1", [tea]);
  expect(await of(store, 1)).toMatchObject({ serving: false, state: "stopped" });
  await expect(store.projections.rollBack("counts")).rejects.toMatchObject({
    code: "PROJECTION_NOT_READY",
    reason: "behind",
    version: 1,
    message: expect.stringContaining("Deploy code with its definition, and call this again"),
  });
  const both = await openStore({ projections: [counts(1), counts(2)] });
  expect(await both.projections.rollBack("counts")).toMatchObject({ version: 1, serving: true });
  expect(await both.documents("counts").get("cart-1")).toMatchObject({ n: 1, by: 1 });
});

test('old code goes on with unknownProjections: "error", whichever version serves', async ({ openStore }) => {
  const old = await openStore({ projections: [counts(1)], unknownProjections: "error" });
  await old.appendToStream("cart-1", [tea]);
  const store = await openStore({ projections: [counts(1), counts(2)] });
  await eventually(async () => expect(await of(store, 2)).toMatchObject({ serving: true }));
  await old.appendToStream("cart-1", [tea]);
  await eventually(async () => expect(await of(store, 2)).toMatchObject({ serving: true, state: "live" }));
  expect(await store.documents("counts").get("cart-1")).toMatchObject({ n: 2, by: 2 });
  // One of which it knows no version is another matter.
  const stranger = await openStore({ unknownProjections: "error" });
  await expect(stranger.appendToStream("cart-1", [tea])).rejects.toMatchObject({ code: "UNKNOWN_PROJECTION", projections: ["counts"] });
});
