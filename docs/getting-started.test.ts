import { expect, test } from "vitest";
import { follow } from "./follow.ts";

// It starts embedded databases in three programs, which is slow on a machine that does other things too.
test("the page to get started does and prints what it says, without a server", { timeout: 600_000 }, async () => {
  expect(await follow("docs/getting-started.md", {})).toBe(3);
});
