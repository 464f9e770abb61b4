import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readHistory } from "../src/history/read.ts";
import { openHistory } from "../src/history/write.ts";
import { ordersOf } from "../src/interleavings/orders.ts";
import { randomFrom } from "../src/random.ts";

test("a history whose last line is torn ends with the line before", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tidemark-history-"));
  try {
    const file = join(folder, "history.jsonl");
    openHistory(file).write({ t: "fail", op: 1, code: "DATABASE" });
    await appendFile(file, '{"t":"ok","op":2,"answ');
    expect(readHistory(file)).toMatchObject([{ t: "fail", op: 1 }]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a seed draws the same again, and another purpose draws something else", () => {
  const draw = (purpose: string): number[] => Array.from({ length: 5 }, randomFrom(7, purpose).next);
  expect(draw("nemesis")).toEqual(draw("nemesis"));
  expect(draw("nemesis")).not.toEqual(draw("worker"));
});

test("orders are all there, each once", () => {
  const orders = [...ordersOf([2, 1, 1])].map((order) => order.join(""));
  expect(new Set(orders).size).toBe(12);
  expect(orders.length).toBe(12);
});
