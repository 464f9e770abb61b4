import { expect, test } from "vitest";
import { LockWaits } from "../src/crash-points/rebuild/waits.ts";

const gate = { key: "7 gate", text: "the appender for the gate" };
const view = { key: "8 view", text: "the auditor for the view" };
const none = async (): Promise<readonly []> => [];

test("a wait is too long where this process looked in time all the while", () => {
  const waits = new LockWaits(none, 400);
  for (let look = 0; look < 41; look++) waits.count([gate], 10);
  expect([waits.tooLong, waits.longestMs]).toEqual([[], 400]);
  waits.count([gate], 10);
  expect(waits.tooLong).toEqual([expect.stringContaining("the appender for the gate waited for 410 ms")]);
  // It is told once.
  for (let look = 0; look < 10; look++) waits.count([gate], 10);
  expect(waits.tooLong).toEqual([expect.stringContaining("waited for 510 ms")]);
});

test("a wait is not too long by the time for which the machine was busy elsewhere", () => {
  const waits = new LockWaits(none, 400);
  for (let look = 0; look < 20; look++) waits.count([gate], 1_000);
  expect([waits.tooLong, waits.longestMs]).toEqual([[], 380]);
  waits.count([gate], 1_000);
  waits.count([gate], 1_000);
  expect(waits.tooLong).toHaveLength(1);
});

test("waits one after the other are not one long wait", () => {
  const waits = new LockWaits(none, 400);
  for (let look = 0; look < 300; look++)
    waits.count([{ ...gate, key: `gate, for the ${Math.floor(look / 15)}th time` }, ...(look % 15 === 0 ? [] : [view])], 20);
  expect([waits.tooLong, waits.longestMs]).toEqual([[], 280]);
});
