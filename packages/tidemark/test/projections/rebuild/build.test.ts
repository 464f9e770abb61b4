import { fork } from "node:child_process";
import { once } from "node:events";
import pg from "pg";
import { documentProjection } from "tidemark";
import type { Orders } from "./dying-process.ts";
import { type Added, fill, type Sum, sums } from "./sums.ts";
import { eager } from "./worker.ts";
import { describe, eventually, expect, rowsOf, test } from "./world.ts";

describe("a build", () => {
  test.for(["documentId", "evolve", "document"])(
    "stops where following stops, with the same error, at an event that fails in its %s",
    async (poison, { openStore, sql, schema, start }) => {
      const store = await openStore();
      await fill(store, 150);
      await store.appendToStream("s-1", [{ type: "Added", data: { to: "d-1", poison } }]);
      await fill(store, 150);
      const [followed, built] = [sums("followed"), sums("built")];
      const workers = [await start([followed], { limits: undefined }), await start([built], { limits: eager })];
      const failed = await Promise.all(
        [followed, built].map(({ name }) =>
          eventually(async () => {
            const { state, failingEvent, lastError } = await store.projections.get(name);
            expect(state).toBe("failed");
            return { failingEvent, message: lastError?.message.replaceAll(name, "") };
          }),
        ),
      );
      expect(failed[1]).toEqual(failed[0]);
      expect(failed[0]?.failingEvent?.position).toBe(151);
      expect(await rowsOf(sql, schema, built)).toEqual(await rowsOf(sql, schema, followed));
      expect(workers.map(({ errors }) => errors.length)).toEqual([1, 1]);
    },
  );

  test("holds no more documents in memory than its budget, and loads again what it let go", async ({ openStore, sql, schema, start }) => {
    const store = await openStore();
    await fill(store, 600, 200);
    const built = sums("built");
    const building = await start([built], { limits: { ...eager, memoryBytes: 20_000 } });
    await building.worker.caughtUp();
    const rows = await rowsOf(sql, schema, built);
    expect(rows).toHaveLength(200);
    expect(rows.every((row) => row.includes('"count": 3'))).toBe(true);
    expect(building.worker.counts()).toMatchObject([{ handled: 600 }]);
    expect(building.ran.get("tidemark_load_documents")).toBeGreaterThan(0);
  });

  test("that has all documents in memory never reads its table", async ({ openStore, start }) => {
    const store = await openStore();
    await fill(store, 3_000);
    const building = await start([sums("built")], { limits: eager });
    await building.worker.caughtUp();
    expect(building.ran.get("tidemark_first_document")).toBe(1);
    expect(building.ran.get("tidemark_load_documents")).toBeUndefined();
  });

  test("whose process is killed at any commit goes on where it was", async ({ openStore, sql, schema, databaseUrl }) => {
    const store = await openStore();
    await fill(store, 600, 40);
    const built = sums("built");
    const at: number[] = [];
    for (const dieAt of [1, 2, undefined]) {
      const child = fork(new URL("./dying-process.ts", import.meta.url), { execArgv: ["--conditions=source"], env: { ...process.env, NODE_OPTIONS: "" } });
      const ended = once(child, "exit");
      child.send({ url: databaseUrl, schema, dieAt } satisfies Orders);
      expect(await ended).toEqual(dieAt === undefined ? [0, null] : [null, "SIGKILL"]);
      // Nobody waits for its lease.
      await sql.query(
        `update ${pg.escapeIdentifier(schema)}.consumer_leases set lease_end = '-infinity'; delete from ${pg.escapeIdentifier(schema)}.consumer_workers`,
      );
      at.push((await store.projections.get(built.name)).position);
    }
    expect(at).toEqual([0, expect.any(Number), 600]);
    expect(at[1]).toBeGreaterThan(0);
    expect(at[1]).toBeLessThan(600);
    const rows = await rowsOf(sql, schema, built);
    expect(rows).toHaveLength(40);
    expect(rows.every((row) => row.includes('"count": 15'))).toBe(true);
  });

  test("writes documents of a unique path, and stops at the event that would repeat a value", async ({ openStore, sql, schema, start }) => {
    const store = await openStore();
    await fill(store, 150);
    await store.appendToStream("s-1", [{ type: "Added", data: { to: "d-51", text: "7" } } satisfies Added]);
    const [followed, built] = [sums("followed", { unique: true }), sums("built", { unique: true })];
    await start([followed], { limits: undefined });
    await start([built], { limits: eager });
    for (const { name } of [followed, built])
      await eventually(async () => expect(await store.projections.get(name)).toMatchObject({ state: "failed", failingEvent: { position: 151 } }));
    expect(await rowsOf(sql, schema, built)).toEqual(await rowsOf(sql, schema, followed));
  });

  test("lets the process do other things within a page", async ({ openStore, start }) => {
    const store = await openStore();
    await fill(store, 1_000);
    let [folded, most] = [0, 0];
    const slow = documentProjection<Sum, Added>({
      name: "built",
      mode: "async",
      collection: "built",
      documentId: ({ data }) => data.to,
      evolve: {
        Added: (document) => {
          folded++;
          for (const until = performance.now() + 0.2; performance.now() < until;);
          return { count: (document?.count ?? 0) + 1 };
        },
      },
    });
    const turn = new AbortController();
    const turns = (async () => {
      for (let before = folded; !turn.signal.aborted; before = folded) {
        await new Promise((resolve) => setImmediate(resolve));
        most = Math.max(most, folded - before);
      }
    })();
    try {
      const building = await start([slow], { limits: eager });
      await building.worker.caughtUp();
    } finally {
      turn.abort();
      await turns;
    }
    expect(folded).toBe(1_000);
    expect(most).toBeLessThanOrEqual(100);
  });

  test.for([
    { busy: true, statements: 5 },
    { busy: false, statements: 1 },
  ])("writes documents in $statements statements where appends are busy: $busy", async ({ busy, statements }, { openStore, sql, schema, start }) => {
    const store = await openStore();
    const text = "x".repeat(1_000);
    for (let n = 0; n < 300; n++) await store.appendToStream("s-1", [{ type: "Added", data: { to: `d-${n}`, text } } satisfies Added]);
    const built = sums("built");
    const background = { busy, rest: async () => {} };
    const building = await start([built], { limits: { ...eager, flushEveryMs: 60_000 }, background });
    await building.worker.caughtUp();
    expect(await rowsOf(sql, schema, built)).toHaveLength(300);
    expect(building.wrote.get("tidemark_write_documents")).toBe(statements);
  });
});
