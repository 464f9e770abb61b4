import { type ConflictQueueEntry, enterConflictQueue } from "../../src/commands/conflict-queue.ts";
import { expect, test } from "../support/test.ts";
import { onTestFinished, vi } from "vitest";

const none = { lostOn: undefined, signal: undefined };

test("whoever begins where others wait in line joins them, and nobody else waits", async ({ store }) => {
  const order: string[] = [];
  const enter = async (name: string, turn: Partial<ConflictQueueEntry>): Promise<() => void> => {
    const leave = await enterConflictQueue(store, { subject: "query a", ...none, ...turn });
    order.push(name);
    return leave;
  };
  // Nobody has lost: no two of them wait for each other.
  const early = await Promise.all([enter("alone", {}), enter("beside", {})]);
  for (const leave of early) leave();

  const first = await enter("lost", { lostOn: "cart-1" });
  const behind = enter("begins", {});
  const lostToo = enter("lost, decides on something else", { subject: "query b", lostOn: "cart-1" });
  const behindThat = enter("begins on something else", { subject: "query b" });
  (await enter("elsewhere", { subject: "query c" }))();
  expect(order).toEqual(["alone", "beside", "lost", "elsewhere"]);
  first();
  (await behind)();
  (await lostToo)();
  (await behindThat)();
  expect(order.slice(4)).toEqual(["begins", "lost, decides on something else", "begins on something else"]);

  // The line is gone.
  const again = [enter("again", {}), enter("again, beside", { subject: "query b" })];
  await new Promise(setImmediate);
  expect(order).toHaveLength(9);
  for (const leave of await Promise.all(again)) leave();
});

test("one that takes too long lets the next one go, not all who wait", async ({ store }) => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const order: string[] = [];
  const enter = async (name: string): Promise<() => void> => {
    const leave = await enterConflictQueue(store, { subject: "query a", ...none, lostOn: "cart-1" });
    order.push(name);
    return leave;
  };
  const leaveSlow = await enter("slow");
  const waiting = ["second", "third", "fourth"].map(enter);
  await vi.advanceTimersByTimeAsync(999);
  expect(order).toEqual(["slow"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(order).toEqual(["slow", "second"]);
  // Its end gives nobody a place that it no longer has.
  leaveSlow();
  await vi.advanceTimersByTimeAsync(999);
  expect(order).toEqual(["slow", "second"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(order).toEqual(["slow", "second", "third"]);
  for (const leave of await Promise.all(waiting.slice(0, 2))) leave();
  expect(await waiting[2]).toBeDefined();
  expect(order).toHaveLength(4);
});
