import { expect, test } from "vitest";
import type { FinalState } from "../../src/history/final.ts";
import { broken, evidenceOf, id, type Row, Script } from "./evidence.ts";

const fired: NonNullable<FinalState["timers"]> = { waiting: 0, clockJumped: false, early: [] };
const set = (script: Script, number: number, end: Parameters<Script["call"]>[1] = { kind: "set timer" }): Script =>
  script.call({ kind: "set timer", key: "a", id: id(number), stream: "timer-1" }, end);
const cancel = (script: Script, end: Parameters<Script["call"]>[1]): Script => script.call({ kind: "cancel timer", key: "a" }, end);
const there = (answer: boolean) => ({ kind: "cancel timer", there: answer }) as const;
const inLog = (...numbers: readonly number[]): Row[] => numbers.map((number, n) => [n + 1, number, "timer-1", n + 1]);

function brokenBy(script: Script, rows: readonly Row[], timers: Partial<typeof fired> = {}): string[] {
  return broken(evidenceOf([script], rows, { timers: { ...fired, ...timers } }));
}

test("timers that fired or were cancelled are as they should be", () => {
  expect(brokenBy(set(new Script(), 1), inLog(1))).toEqual([]);
  expect(brokenBy(cancel(set(new Script(), 1), there(true)), [])).toEqual([]);
  expect(brokenBy(cancel(set(new Script(), 1), there(false)), inLog(1))).toEqual([]);
  // Replaced before it fired, and after.
  expect(brokenBy(set(set(new Script(), 1), 2), inLog(2))).toEqual([]);
  expect(brokenBy(set(set(new Script(), 1), 2), inLog(1, 2))).toEqual([]);
  expect(brokenBy(cancel(set(set(new Script(), 1), 2), there(true)), inLog(1))).toEqual([]);
  expect(brokenBy(set(set(new Script(), 1), 2, { fail: "CHANGED_MIND" }), inLog(1))).toEqual([]);
});

test.for([
  ["fired, though it was cancelled", cancel(set(new Script(), 1), there(true)), inLog(1)],
  ["lost", set(new Script(), 1), []],
  ["lost, though there was nothing to cancel", cancel(set(new Script(), 1), there(false)), []],
  ["fired, though its transaction rolled back", set(new Script(), 1, { fail: "CHANGED_MIND" }), inLog(1)],
  ["lost to one that was rolled back", set(set(new Script(), 1), 2, { fail: "CHANGED_MIND" }), []],
  ["lost behind one that was replaced", set(set(new Script(), 1), 2), inLog(1)],
] as const)("a timer that was %s is found", ([, script, rows]) => {
  expect(brokenBy(script, rows)).toEqual(["T1"]);
});

test("where an answer was lost, both may be", () => {
  for (const rows of [[], inLog(1)]) {
    expect(brokenBy(set(new Script(), 1, { unknown: "CONNECTION" }), rows)).toEqual([]);
    expect(brokenBy(cancel(set(new Script(), 1), { unknown: "CONNECTION" }), rows)).toEqual([]);
    expect(brokenBy(new Script().call({ kind: "set timer", key: "a", id: id(1), stream: "timer-1" }), rows)).toEqual([]);
  }
  expect(brokenBy(set(set(new Script(), 1), 2, { unknown: "CONNECTION" }), inLog(1))).toEqual([]);
  expect(brokenBy(cancel(set(new Script(), 1), { fail: "DATABASE" }), [])).toEqual(["T1"]);
});

test("timers that wait though they are due, and early ones, are found", () => {
  expect(brokenBy(set(new Script(), 1), inLog(1), { waiting: 1 })).toEqual(["T1"]);
  expect(brokenBy(set(new Script(), 1), inLog(1), { early: [[id(1), 0.5]] })).toEqual(["T2"]);
  expect(brokenBy(set(new Script(), 1), inLog(1), { clockJumped: true, early: [[id(1), 20_000]] })).toEqual([]);
  expect(brokenBy(set(new Script(), 1), inLog(1), { clockJumped: true, early: [[id(1), 30_000]] })).toEqual(["T2"]);
});
