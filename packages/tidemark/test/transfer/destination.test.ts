import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { toFile } from "../../src/transfer/destination.ts";
import { expect, test } from "../support/test.ts";

test.for(["events.ndjson", "events.ndjson.gz"])("%s has its name only when it is whole", async (name) => {
  const folder = await mkdtemp(join(tmpdir(), "tidemark-destination-"));
  try {
    const path = join(folder, name);
    const destination = toFile(path, false);
    for (let n = 0; n < 50; n++) await destination.write(`${n} ${"x".repeat(20_000)}\n`);
    expect([existsSync(path), existsSync(`${path}.partial`)]).toEqual([false, true]);
    await destination.finish();
    expect([existsSync(path), existsSync(`${path}.partial`)]).toEqual([true, false]);
    const bytes = await readFile(path);
    expect((name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString().split("\n")).toHaveLength(51);
    expect(() => toFile(path, false)).toThrow("already exists");
    await toFile(path, true).finish();
  } finally {
    await rm(folder, { recursive: true });
  }
});
