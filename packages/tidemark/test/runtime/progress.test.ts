import { expect, test } from "vitest";
import { Progress } from "../../src/runtime/progress.ts";

test("a checkpoint is awaited by those who wait for it, and each move wakes all", () => {
  const progress = new Progress();
  const woken: string[] = [];
  let passed = false;
  const stop = progress.listen(
    "",
    "carts",
    () => woken.push("requests"),
    () => !passed,
  );
  expect([progress.awaited("", "carts"), progress.awaited("", "others")]).toEqual([true, false]);
  // It waits for what was requested from here on.
  passed = true;
  expect(progress.awaited("", "carts")).toBe(false);
  const stopOther = progress.listen("", "carts", () => woken.push("checkpoint"));
  expect(progress.awaited("", "carts")).toBe(true);
  progress.moved("", "carts");
  expect(woken).toEqual(["requests", "checkpoint"]);
  stopOther();
  expect(progress.awaited("", "carts")).toBe(false);
  stop();
  progress.moved("", "carts");
  expect(woken).toHaveLength(2);
});
