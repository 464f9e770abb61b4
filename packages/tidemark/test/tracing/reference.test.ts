import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tracedChannels } from "../../src/tracing/operations.ts";

const reference = await readFile(join(import.meta.dirname, "../../../../docs/reference/tracing.md"), "utf8");

test("the reference lists every tracing channel, and no other", () => {
  const listed = Array.from(reference.matchAll(/^\| `(tidemark:[a-z]+)` \|/gm), ([, name]) => name);
  expect(listed).toEqual(tracedChannels);
});
