import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test as base } from "../support/test.ts";

const test = base.extend("scratch", { scope: "file" }, async ({}, { onCleanup }) => {
  const scratch = mkdtempSync(join(tmpdir(), "tidemark-start-"));
  onCleanup(() => rmSync(scratch, { recursive: true, force: true }));
  return scratch;
});

interface Start {
  readonly milliseconds: number;
  readonly answer: string | undefined;
  readonly error: string | undefined;
}

/** Opens an embedded database in a process of its own, asks it something, and closes it. */
async function start(cache: string, folder?: string): Promise<Start> {
  const program = `
    const { openPGliteDatabase } = await import(${JSON.stringify(new URL("../../src/database/pglite.ts", import.meta.url).href)});
    const began = performance.now();
    try {
      const database = await openPGliteDatabase({ source: ${JSON.stringify(folder)}, queryTimeoutMs: 30_000 });
      const milliseconds = performance.now() - began;
      const [row] = await database.query({ name: "a", text: "select current_database()::text as answer" }, []);
      await database.close();
      console.log(JSON.stringify({ milliseconds, answer: row.answer }));
    } catch (error) {
      console.log(JSON.stringify({ error: error.code, message: error.message }));
    }`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--conditions=source", "--eval", program], {
    env: { ...process.env, TIDEMARK_CACHE_DIR: cache },
  });
  return JSON.parse(stdout);
}

const imageIn = (cache: string): string => join(cache, readdirSync(cache).find((name) => /^pglite-\d+\.\d+\.\d+.*\.tar$/.test(name)) ?? "no image");

describe("the start of an embedded database", () => {
  test("keeps an image at the first, and every later one is several times faster", async ({ scratch }) => {
    const cache = join(scratch, "cache");
    const first = await start(cache);
    const inMemory = await start(cache);
    const inFolder = await start(cache, join(scratch, "data"));
    expect([first.answer, inMemory.answer, inFolder.answer]).toEqual(["postgres", "postgres", "postgres"]);
    expect(readdirSync(cache)).toEqual([expect.stringMatching(/^pglite-.*\.tar$/)]);
    expect(inMemory.milliseconds).toBeLessThan(first.milliseconds / 2);
    expect(inFolder.milliseconds).toBeLessThan(first.milliseconds / 2);
  });

  test.for([
    ["cut short", (image: string) => truncateSync(image, 1_000_000)],
    [
      "changed in one byte",
      (image: string) => {
        const bytes = readFileSync(image);
        bytes[5_000_000] = (bytes[5_000_000] ?? 0) ^ 1;
        writeFileSync(image, bytes);
      },
    ],
  ] as const)("does not use an image that is %s, and replaces it", async ([, damage], { scratch }) => {
    const cache = join(scratch, "cache");
    await start(cache);
    const whole = readFileSync(imageIn(cache)).byteLength;
    damage(imageIn(cache));
    expect(await start(cache)).toMatchObject({ answer: "postgres" });
    expect(readFileSync(imageIn(cache)).byteLength).toBeGreaterThan(whole / 2);
  });

  test("keeps the same image from a folder as from memory", async ({ scratch }) => {
    const cache = join(scratch, "cache of a folder");
    expect(await start(cache, join(scratch, "first"))).toMatchObject({ answer: "postgres" });
    const image = readFileSync(imageIn(cache));
    expect(await start(cache)).toMatchObject({ answer: "postgres" });
    // An image that could not be loaded would have been replaced.
    expect(readFileSync(imageIn(cache)).equals(image)).toBe(true);
  });

  test("works without a cache where none can be written", async ({ scratch }) => {
    const file = join(scratch, "a file");
    writeFileSync(file, "");
    expect(await start(join(file, "cache"))).toMatchObject({ answer: "postgres" });
    expect(readFileSync(file, "utf8")).toBe("");
  });

  test("does not touch a folder that holds something else", async ({ scratch }) => {
    const folder = join(scratch, "mine");
    mkdirSync(folder);
    writeFileSync(join(folder, "notes.txt"), "mine");
    expect(await start(join(scratch, "cache"), folder)).toMatchObject({ error: "INVALID_ARGUMENT" });
    expect(readdirSync(folder)).toEqual(["notes.txt"]);
    expect(existsSync(`${folder}.lock`)).toBe(false);
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
});
