import { ago } from "../src/client/parts/format.ts";
import { expect, test } from "vitest";

test("a moment is told by its distance, before and behind", () => {
  const now = Date.UTC(2026, 10, 29);
  expect([now - 400, now + 400, now - 12_000, now + 5 * 3_600_000].map((at) => ago(at, now))).toEqual(["just now", "just now", "12 s ago", "in 5 h"]);
});
