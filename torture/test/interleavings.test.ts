import { expect, test } from "vitest";
import { explore, meetings } from "../src/interleavings/explore.ts";

test("appends that meet on streams, conditions and documents keep every promise in every order", async () => {
  const chosen = meetings.filter(({ name, long }) => /append/.test(name) && !/mark|savepoint/.test(name) && long !== true);
  expect(chosen.length).toBeGreaterThanOrEqual(12);
  const explored = await explore(chosen, 18, () => undefined);
  expect(explored.filter(({ anomalies }) => anomalies.length > 0)).toEqual([]);
  // Where nobody ever waits, nobody met, unless a session was stopped until another had come.
  const stopped = new Set(chosen.filter(({ stops = [] }) => stops.length > 0).map(({ name }) => name));
  expect(explored.filter(({ name, waits }) => waits === 0 && !stopped.has(name))).toEqual([]);
});

test("a version has the effects of an event only if it still serves when they become visible", async () => {
  const chosen = meetings.filter(({ name }) => name.includes("swap"));
  expect(await explore(chosen, 18, () => undefined)).toMatchObject([{ promise: "S9", orders: 3, anomalies: [] }]);
});
