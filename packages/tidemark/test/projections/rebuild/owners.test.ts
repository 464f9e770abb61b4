import pg from "pg";
import { openEventStore } from "tidemark";
import { takeOver } from "../../runtime/take-over.ts";
import { fill, sums } from "./sums.ts";
import { eager } from "./worker.ts";
import { describe, eventually, expect, rowsOf, test } from "./world.ts";

describe("a build", () => {
  test("that is taken over in the middle of a flush writes nothing more, and the other goes on", async ({ openStore, sql, schema, start }) => {
    const store = await openStore();
    await fill(store, 600, 40);
    const held = Promise.withResolvers<void>();
    let commits = 0;
    const first = await start([sums("sums")], { limits: eager, beforeCommit: () => (++commits === 2 ? held.promise : Promise.resolve()) });
    await eventually(() => expect(commits).toBe(2));
    try {
      const second = await takeOver(sql, schema, () => start([sums("sums")], { limits: eager }));
      await second.worker.caughtUp();
    } finally {
      held.resolve();
    }
    await first.stop();
    const counts = (await rowsOf(sql, schema, sums("sums"))).map((row) => /"count": (\d+)/.exec(row)?.[1]);
    expect(counts).toEqual(Array.from({ length: 40 }, () => "15"));
  });

  test("that calls and workers ask for at once runs once", async ({ openStore, sql, schema, start }) => {
    await fill(await openStore(), 600, 40);
    await (await start([sums("sums")], { limits: eager })).worker.caughtUp();
    const second = sums("sums", { version: 2 });
    const stores = await Promise.all([1, 2].map(() => openStore({ projections: [second] })));
    const asked = await Promise.all([...stores.map((store) => store.projections.rebuild("sums")), start([second], { limits: eager })]);
    expect(asked.slice(0, 2)).toMatchObject([
      { version: 2, serving: true },
      { version: 2, serving: true },
    ]);
    const { rows } = await sql.query(
      `select state, events::integer, documents::integer from ${pg.escapeIdentifier(schema)}.projection_builds where version = 2`,
    );
    expect(rows).toEqual([{ state: "ready", events: 600, documents: 40 }]);
    expect(await rowsOf(sql, schema, second)).toEqual(await rowsOf(sql, schema, sums("sums")));
  });

  test("that is paused stands still, keeps no other waiting that reads with it, and goes on when it is resumed", async ({ openStore, sql, schema, start }) => {
    const store = await openStore();
    await fill(store, 1_200, 40);
    const paused = async (): Promise<void> => {
      await store.projections.pause("sums");
      await building.worker.look();
    };
    let pausing: Promise<void> | undefined;
    const beforeCommit = async (): Promise<void> => await (pausing ??= paused());
    // Of two dozen pages it has read a few when it learns of the pause.
    const background = { busy: true, pageRows: 50, rest: async (): Promise<void> => {} };
    const building = await start([sums("sums"), sums("other")], { limits: eager, background, beforeCommit });
    await eventually(async () => expect(await store.projections.get("other")).toMatchObject({ position: 1_200 }));
    const { state, position } = await store.projections.get("sums");
    expect(state).toBe("paused");
    expect(position).toBeLessThan(600);
    await store.projections.resume("sums");
    await building.worker.look();
    await building.worker.caughtUp();
    for (const projection of [sums("sums"), sums("other")]) {
      const rows = await rowsOf(sql, schema, projection);
      expect(rows).toHaveLength(40);
      expect(rows.every((row) => row.includes('"count": 30'))).toBe(true);
    }
  });

  test("of several projections at once makes each of its own events", async ({ openStore, sql, schema, start }) => {
    const store = await openStore();
    await fill(store, 1_200, 40);
    // As `fill` has them: 500, 500 and 200 events.
    const projections = ["s-0", "s-3", "s-6"].map((stream, index) => sums(`sums-${index}`, { by: index + 1, stream }));
    await (await start(projections, { limits: eager })).worker.caughtUp();
    const totals = projections.map(async (projection) => {
      const counts = (await rowsOf(sql, schema, projection)).map((row) => Number(/"count": (\d+)/.exec(row)?.[1]));
      return counts.reduce((sum, count) => sum + count, 0);
    });
    expect(await Promise.all(totals)).toEqual([500, 2 * 500, 3 * 200]);
  });
});

describe("a long log", () => {
  test("is folded for a new inline projection, which then goes live", async ({ openStore, schema, sql }) => {
    const before = await openStore();
    await fill(before, 12_000, 60);
    const inline = sums("sums", { mode: "inline" });
    const store = await openStore({ projections: [inline] });
    await eventually(async () => expect(await store.projections.get("sums")).toMatchObject({ state: "live" }));
    await fill(store, 60, 60);
    const rows = await rowsOf(sql, schema, inline);
    expect(rows).toHaveLength(60);
    expect(rows.every((row) => row.includes('"count": 201'))).toBe(true);
    // Written once by the build and once by the appends, where following would have written each a dozen times.
    const { rows: versions } = await sql.query<{ most: number }>(`select max(_version)::integer as most from ${pg.escapeIdentifier(schema)}.sums__v1`);
    expect(versions[0]?.most).toBeLessThan(10);
  });

  test("is folded in an embedded database too", async () => {
    await using store = await openEventStore({ projections: [sums("sums")], logger: { debug() {}, info() {}, warn() {}, error() {} } });
    await fill(store, 12_000, 60);
    await using worker = store.createWorker();
    await worker.start();
    await worker.caughtUp();
    expect(await store.documents(sums("sums")).count({ where: { count: 200 } })).toBe(60);
    // Following would have written it twelve times.
    expect((await store.documents(sums("sums")).get("d-1"))?._version).toBeLessThan(10);
  });
});
