import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { keepImage, readImage } from "../../src/database/pglite-image.ts";
import { describe, expect, test as base } from "../support/test.ts";

const test = base.extend("cache", async ({}, { onCleanup }) => {
  const scratch = mkdtempSync(join(tmpdir(), "tidemark-image-"));
  vi.stubEnv("TIDEMARK_CACHE_DIR", join(scratch, "cache"));
  onCleanup(() => {
    vi.unstubAllEnvs();
    rmSync(scratch, { recursive: true, force: true });
  });
  return join(scratch, "cache");
});

const tar = new Blob([Buffer.alloc(1_000, "the files of a new database")]);

/** The one file in the cache. */
function imageIn(cache: string): string {
  const files = readdirSync(cache);
  expect(files).toEqual([expect.stringMatching(/^pglite-\d+\.\d+\.\d+.*\.tar$/)]);
  return join(cache, String(files[0]));
}

describe("the kept image", () => {
  test("comes back as it was kept, and leaves nothing else behind", async ({ cache }) => {
    expect(await readImage()).toBeUndefined();
    await keepImage(tar);
    expect(await (await readImage())?.text()).toBe(await tar.text());
    expect(existsSync(imageIn(cache))).toBe(true);
  });

  test.for([
    ["cut short", (image: string) => truncateSync(image, 500)],
    ["empty", (image: string) => truncateSync(image, 0)],
    ["shorter than its digest", (image: string) => truncateSync(image, 10)],
    ["changed in one byte", (image: string) => writeFileSync(image, readFileSync(image).fill("x", 400, 401))],
  ] as const)("is not used when it is %s, and may be kept again", async ([, damage], { cache }) => {
    await keepImage(tar);
    damage(imageIn(cache));
    expect(await readImage()).toBeUndefined();
    await keepImage(tar);
    expect((await readImage())?.size).toBe(tar.size);
  });

  test("is done without where no folder can be written", async ({ cache }) => {
    writeFileSync(cache, "a file");
    await keepImage(tar);
    expect(await readImage()).toBeUndefined();
    expect(readFileSync(cache, "utf8")).toBe("a file");
  });
});
