import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { lockFolder } from "../../src/database/folder-lock.ts";
import { openEventStore, StoreLockedError } from "../../src/index.ts";
import { itemAdded } from "../support/cart.ts";
import { openElsewhere, runProgram } from "./child.ts";
import { describe, expect, failure, test } from "./test.ts";

/** When each file of a folder was changed last. */
function filesOf(folder: string): Record<string, number> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return Object.fromEntries(files.map((file) => [file, statSync(join(folder, file)).mtimeMs]));
}

describe("openEventStore", () => {
  test("without a URL opens a store in memory, each its own", async () => {
    await using first = await openEventStore();
    await using second = await openEventStore({});
    await first.appendToStream("cart-1", [itemAdded()]);
    expect(await first.readStream("cart-1").toArray()).toHaveLength(1);
    expect(await second.readAll().toArray()).toEqual([]);
  });

  test("in memory says once a process that nothing will be kept, and is refused where the URL is undefined", async () => {
    const printed = await runProgram(`
      const logger = { debug() {}, info() {}, warn: console.log, error: console.log };
      await (await openEventStore({ logger })).close();
      await (await openEventStore({ logger })).close();
      await openEventStore(process.env["NOT_SET"], { logger }).catch((error) => console.log(error.code, error.path));`);
    expect(printed).toMatch(/^tidemark: this store is in memory, .*\nINVALID_ARGUMENT url\n$/);
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

  test("with file: writes nothing more where it stood still for so long that another process took the folder", async ({ folder }) => {
    await using other = await openElsewhere(`file:${folder}`);
    expect(await other.ask("append")).toEqual({ version: 2 });
    // As a process in another container has it, of which only the touched file tells that it lives.
    const holder = JSON.parse(readFileSync(`${folder}.lock`, "utf8"));
    writeFileSync(`${folder}.other`, JSON.stringify({ ...holder, birth: holder.birth.replace(/pid:\[\d+\]/, "pid:[1]") }));
    renameSync(`${folder}.other`, `${folder}.lock`);
    other.process.kill("SIGSTOP");
    const lock = await lockFolder(folder, 1_500);
    const before = filesOf(folder);
    const taken = readFileSync(`${folder}.lock`, "utf8");
    other.process.kill("SIGCONT");
    expect(await other.ask("append")).toEqual({ error: "STORE_LOCKED" });
    expect(await other.ask("append")).toEqual({ error: "STORE_LOCKED" });
    expect(await other.ask("close")).toEqual({ closed: true });
    expect(filesOf(folder)).toEqual(before);
    expect(readFileSync(`${folder}.lock`, "utf8")).toBe(taken);
    lock.release();
    await using store = await openEventStore(`file:${folder}`);
    expect((await store.streamInfo("cart-1")).version).toBe(2);
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
      for (const given of [[], ["file:./never-made"]]) await openEventStore(...given).catch((error) => console.log(error.code, error.dependency, error.message));`);
    const line =
      "MISSING_DEPENDENCY @electric-sql/pglite A store without a server needs the package @electric-sql/pglite. Run: npm install @electric-sql/pglite\n";
    expect(printed).toBe(line + line);
  });

  test("starts an embedded store in three quarters of the work of its first start, once its image is kept", async ({ folder }) => {
    // The time of the processor, against a start of the same run: other programs lengthen the clock's, from 0.9 to 12 s.
    const program = `
      const before = process.cpuUsage();
      const store = await openEventStore();
      const { user, system } = process.cpuUsage(before);
      console.log((user + system) / 1_000);
      await store.close();`;
    const start = async (): Promise<number> => Number(await runProgram(program, { TIDEMARK_CACHE_DIR: `${folder}-cache` }));
    const first = await start();
    const later = [await start(), await start(), await start()].sort((a, b) => a - b);
    console.log(`An embedded store takes ${Math.round(first)} ms of the processor at its first start, then ${later.map(Math.round).join(", ")} ms.`);
    expect(later[1]).toBeLessThan(0.75 * first);
  });
});
