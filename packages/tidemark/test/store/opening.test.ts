import { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import { InvalidArgumentError, openEventStore, StoreLockedError } from "../../src/index.ts";
import { itemAdded } from "../support/cart.ts";
import { openElsewhere, runProgram } from "./child.ts";
import { describe, expect, failure, test } from "./test.ts";

describe("openEventStore", { timeout: 60_000 }, () => {
  test("without a URL opens a store in memory, each its own", async () => {
    await using first = await openEventStore();
    await using second = await openEventStore({});
    await first.appendToStream("cart-1", [itemAdded()]);
    expect(await first.readStream("cart-1").toArray()).toHaveLength(1);
    expect(await second.readAll().toArray()).toEqual([]);
  });

  test("with file: keeps what was written, by close and by await using", async ({ folder }) => {
    const first = await openEventStore(`file:${folder}`);
    await first.appendToStream("cart-1", [itemAdded("tea")]);
    await first.close();
    {
      await using second = await openEventStore(`file://${folder}`);
      expect(await second.readStream("cart-1").toArray()).toMatchObject([{ data: { sku: "tea" }, version: 1 }]);
      await second.appendToStream("cart-1", [itemAdded("mug")]);
    }
    await using third = await openEventStore(`file:${folder}`);
    expect((await third.streamInfo("cart-1")).version).toBe(2);
  });

  test("with file: lets one process in, names it to the others, and goes on after it was killed", async ({ folder }) => {
    await using other = await openElsewhere(`file:${folder}`);
    expect(other.said).toEqual({ version: 1 });
    const error = await failure(() => openEventStore(`file:${folder}`));
    expect(error).toBeInstanceOf(StoreLockedError);
    expect(error).toMatchObject({ code: "STORE_LOCKED", folder, pid: other.process.pid, message: expect.stringContaining(`process ${other.process.pid}`) });
    await using third = await openElsewhere(`file:${folder}`);
    expect(third.said).toEqual({ error: "STORE_LOCKED" });
    await other.kill();
    await using store = await openEventStore(`file:${folder}`);
    expect((await store.streamInfo("cart-1")).version).toBe(1);
    expect((await store.appendToStream("cart-1", [itemAdded()])).version).toBe(2);
  });

  test("with postgres:// opens one on a server, which other connections see", async ({ databaseUrl, schema, q, sql }) => {
    await using store = await openEventStore(databaseUrl, { schema });
    await store.appendToStream("cart-1", [itemAdded()]);
    expect((await sql.query(`select count(*)::int as events from ${q}.events`)).rows).toEqual([{ events: 1 }]);
    expect(store.pool).toBeInstanceOf(pg.Pool);
  });

  test("with a pg.Pool works on it and never ends it", async ({ databaseUrl, schema }) => {
    const pool = new pg.Pool({ connectionString: databaseUrl });
    const store = await openEventStore({ pool, schema });
    expect(store.pool).toBe(pool);
    await store.appendToStream("cart-1", [itemAdded()]);
    await store.close();
    expect((await pool.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    expect(pool.ending).toBe(false);
    await pool.end();
  });

  test("with a PGlite works on it and never closes it", async () => {
    const pglite = await PGlite.create();
    const store = await openEventStore({ pool: pglite, schema: "shop" });
    expect(store.pool).toBe(pglite);
    await store.appendToStream("cart-1", [itemAdded()]);
    await store.close();
    expect((await pglite.query("select count(*)::int as events from shop.events")).rows).toEqual([{ events: 1 }]);
    await pglite.close();
  });

  test("a busy embedded store leaves its process free for timers and signals", async () => {
    await using store = await openEventStore();
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    for (let n = 0; n < 200; n++) await store.appendToStream(`cart-${n}`, [itemAdded()]);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(5);
  });

  test("names the package that an embedded store needs where it is not installed", async () => {
    const printed = await runProgram(`
      const { registerHooks } = await import("node:module");
      registerHooks({ resolve: (name, context, next) => next(name === "@electric-sql/pglite" ? "@electric-sql/not-installed" : name, context) });
      for (const url of [undefined, "file:./never-made"]) await openEventStore(url).catch((error) => console.log(error.code, error.dependency, error.message));`);
    const line =
      "MISSING_DEPENDENCY @electric-sql/pglite A store without a server needs the package @electric-sql/pglite. Run: npm install @electric-sql/pglite\n";
    expect(printed).toBe(line + line);
  });

  test("starts an embedded store within 1.5 s once its image is kept", async ({ folder }) => {
    // Beside other work a process waits for a processor. Linux tells for how long, and that is not the store's time.
    const program = `
      const { readFile } = await import("node:fs/promises");
      const waitedMs = async () => Number((await readFile("/proc/self/schedstat", "utf8").catch(() => "0 0")).split(" ")[1]) / 1e6;
      const [began, before] = [performance.now(), await waitedMs()];
      const store = await openEventStore();
      console.log(performance.now() - began - (await waitedMs()) + before);
      await store.close();`;
    const start = async (): Promise<number> => Number(await runProgram(program, { TIDEMARK_CACHE_DIR: `${folder}-cache` }));
    const first = await start();
    const later = [await start(), await start(), await start()].sort((a, b) => a - b);
    console.log(`An embedded store starts in ${Math.round(first)} ms at first, then in ${later.map(Math.round).join(", ")} ms.`);
    expect(later[1]).toBeLessThan(1_500);
  });
});

describe("openEventStore refuses, before it opens anything,", () => {
  test.for([
    { given: ["mysql://localhost/shop"], told: 'one that begins with "mysql://"' },
    { given: ["./data"], told: "without a known beginning" },
    { given: [""], told: "an environment variable that is not set" },
    { given: ["file:"], told: "names no folder" },
    { given: ["postgres://user:pa#ss@host:port/db"], told: "percent-encoded" },
    { given: [null], told: "not null" },
    { given: [42], told: "not 42" },
    { given: [new URL("postgres://localhost/shop")], told: "pass its href" },
    { given: [{ schem: "shop" }], told: 'options.schem is not an option; did you mean "schema"?' },
    { given: [undefined, { migrates: "off" }], told: 'did you mean "migrate"?' },
    { given: [{ pool: { maxx: 3 } }], told: 'options.pool.maxx is not an option; did you mean "max"?' },
    { given: [{ limits: { eventbytes: 3 } }], told: 'did you mean "eventBytes"?' },
    { given: [{ migrate: "of" }], told: 'did you mean "off"?' },
    { given: [{ projections: [] }], told: "options.projections does not exist in this version" },
    { given: [{ events: {} }], told: "options.events does not exist in this version" },
    { given: [{ schema: "x".repeat(64) }], told: "64 bytes" },
    { given: [{}, {}], told: "must be a string where options follow it" },
    { given: ["postgres://localhost/shop", { pool: new pg.Pool() }], told: "a URL was given too" },
    { given: [{ pool: new pg.Client() }], told: "a single client cannot serve a store" },
  ])("$told", async ({ given, told }) => {
    const error = await failure(() => Reflect.apply(openEventStore, undefined, given));
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", message: expect.stringContaining(told) });
  });

  test("and tells no password of a URL that is wrong", async () => {
    for (const url of ["mysql://me:s3cret-canary@host/db", "postgres://me:s3cret-canary@host:port/db", "postgres://me:s3cret-canary@127.0.0.1:1/db"]) {
      const error = await failure(() => openEventStore(url, { pool: { connectionTimeoutMs: 2_000 } }));
      expect(error).toBeInstanceOf(Error);
      expect(`${String(error)} ${JSON.stringify(error, Object.getOwnPropertyNames(error))}`).not.toContain("s3cret-canary");
    }
  });
});
