import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { PGlite } from "@electric-sql/pglite";
import { describe, expect, test as base } from "../support/test.ts";

const test = base.extend("scratch", { scope: "file" }, async ({}, { onCleanup }) => {
  const scratch = mkdtempSync(join(tmpdir(), "tidemark-start-"));
  onCleanup(() => rmSync(scratch, { recursive: true, force: true }));
  return scratch;
});

interface Start {
  readonly answer: string | undefined;
  /** Whether it began as `markImage` left the image. */
  readonly marked: string | undefined;
  readonly error: string | undefined;
}

/** Opens an embedded database in a process of its own, asks it something, and closes it. */
async function start(cache: string, folder?: string, before = ""): Promise<Start> {
  const program = `
    ${before}
    const { openPGliteDatabase } = await import(${JSON.stringify(new URL("../../src/database/pglite.ts", import.meta.url).href)});
    try {
      const database = await openPGliteDatabase({ source: ${JSON.stringify(folder)}, queryTimeoutMs: 30_000 });
      const [row] = await database.query({ name: "a", text: "select current_database()::text as answer, (to_regclass('public.mark') is not null)::text as marked" }, []);
      await database.close();
      console.log(JSON.stringify(row));
    } catch (error) {
      console.log(JSON.stringify({ error: error.code, message: error.message }));
    }`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--conditions=source", "--eval", program], {
    env: { ...process.env, TIDEMARK_CACHE_DIR: cache },
    timeout: 200_000,
  });
  return JSON.parse(stdout);
}

const imageIn = (cache: string): string => join(cache, readdirSync(cache)[0] ?? "no image");

/** Puts a table into the kept image: a database that has it was made from the image, and not anew, which takes seconds. */
async function markImage(file: string): Promise<void> {
  const digestBytes = 32;
  await using database = await PGlite.create({ loadDataDir: new Blob([new Uint8Array(readFileSync(file).subarray(0, -digestBytes))]) });
  await database.exec("create table public.mark ()");
  const tar = Buffer.from(await (await database.dumpDataDir("none")).arrayBuffer());
  writeFileSync(file, Buffer.concat([tar, createHash("sha256").update(tar).digest()]));
}

describe("the start of an embedded database", () => {
  test("keeps an image at the first, from which every later one starts", async ({ scratch }) => {
    const cache = join(scratch, "cache");
    const first = await start(cache, join(scratch, "first"));
    await markImage(imageIn(cache));
    const image = readFileSync(imageIn(cache));
    const inMemory = await start(cache);
    const inFolder = await start(cache, join(scratch, "second"));
    expect(first).toEqual({ answer: "postgres", marked: "false" });
    expect([inMemory, inFolder]).toEqual([
      { answer: "postgres", marked: "true" },
      { answer: "postgres", marked: "true" },
    ]);
    expect(readFileSync(imageIn(cache)).equals(image)).toBe(true);
  });

  test("begins again in a folder where the first start was killed half way", async ({ scratch }) => {
    const folder = join(scratch, "half");
    mkdirSync(folder);
    writeFileSync(join(folder, "PG_VERSION"), "18\n");
    writeFileSync(`${folder}.starting`, "");
    expect(await start(join(scratch, "cache"), folder)).toMatchObject({ answer: "postgres" });
    expect(existsSync(`${folder}.starting`)).toBe(false);
    expect(await start(join(scratch, "cache"), folder)).toMatchObject({ answer: "postgres" });
  });

  test("does not touch a folder that holds something else", async ({ scratch }) => {
    const folder = join(scratch, "mine");
    mkdirSync(folder);
    writeFileSync(join(folder, "notes.txt"), "mine");
    expect(await start(join(scratch, "cache"), folder)).toMatchObject({ error: "INVALID_ARGUMENT" });
    expect(readdirSync(folder)).toEqual(["notes.txt"]);
    expect(existsSync(`${folder}.lock`)).toBe(false);
  });

  test("names the package that it needs where that is not installed", async ({ scratch }) => {
    const withoutPGlite = `
      const { registerHooks } = await import("node:module");
      registerHooks({ resolve: (name, context, next) => next(name === "@electric-sql/pglite" ? "@electric-sql/not-installed" : name, context) });`;
    const error = await start(join(scratch, "cache"), undefined, withoutPGlite);
    expect(error).toMatchObject({ error: "MISSING_DEPENDENCY", message: expect.stringContaining("npm install @electric-sql/pglite") });
  });
});
