import { expect, test } from "vitest";
import type { Arrival, Published } from "../../src/history/final.ts";
import { payloadOf } from "../../src/publish/payload.ts";
import { broken, evidenceOf, id, Script, type Row } from "./evidence.ts";

const rows: readonly Row[] = [
  [1, 1, "warm-1", 1],
  [2, 2, "warm-2", 1],
  [3, 3, "warm-1", 2],
  [4, 4, "hot-1", 1],
];
const log = new Script()
  .append("warm-1", [1], [[1, 1, true]])
  .append("warm-2", [2], [[1, 2, true]])
  .append("warm-1", [3], [[2, 3, false]])
  .append("hot-1", [4], [[1, 4, true]]);

const event = (number: number, key: string, position: number, fence = 1, at = position): Arrival => [id(number), key, position, fence, at];
const whole = [event(1, "warm-1", 1), event(2, "warm-2", 2), event(3, "warm-1", 3)];
const at = (number: number, ms: number, fence = 1): Arrival => event(number, "warm-1", number, fence, ms);

function brokenBy(published: Partial<Published>, scripts: readonly Script[] = [log]): string[] {
  return broken(evidenceOf(scripts, rows, { published: { events: whole, messages: [], letters: [], faults: [], ...published } }));
}

test("all that its relay wants is at the broker, once or again by another owner", () => {
  expect(brokenBy({})).toEqual([]);
  expect(brokenBy({ events: [...whole, at(3, 9, 2)] })).toEqual([]);
});

test.for([
  ["lost", whole.slice(0, 2)],
  ["published though it is not in the log", [...whole, event(5, "warm-1", 5)]],
  ["published though nobody wants it", [...whole, event(4, "hot-1", 4)]],
  ["published under another key", [event(1, "warm-1", 1), event(2, "warm-1", 2), event(3, "warm-1", 3)]],
  ["overtaken by a later one of its key", [event(3, "warm-1", 3), event(2, "warm-2", 2), event(1, "warm-1", 1, 2)]],
  ["sent again behind a later one by one owner", [...whole, event(1, "warm-1", 1)]],
  ["sent twice by one owner without a fault", [...whole, at(3, 9)]],
] as const)("an event that was %s is found", ([, events]) => {
  expect(brokenBy({ events })).toEqual(["S11"]);
});

test("one owner may send a message twice over a fault", () => {
  expect(brokenBy({ events: [...whole, at(3, 9_000)], faults: [[5_000, 6_000]] })).toEqual([]);
  expect(brokenBy({ events: [...whole, at(3, 9_000)], faults: [[90_000, 91_000]] })).toEqual(["S11"]);
});

test("a relay that stands still, and a message that was put aside, are found", () => {
  expect(brokenBy({ stuck: "It published nothing for a minute." })).toEqual(["S11"]);
  expect(brokenBy({ letters: ["a: refused"] })).toEqual(["S11"]);
});

const publish = (script: Script, numbers: readonly number[], end: Parameters<Script["call"]>[1] = { kind: "publish" }): Script =>
  script.call({ kind: "publish", messages: numbers.map((number) => ["key-1", id(number)]) }, end);
const message = (number: number, position = number): Arrival => [id(number), "key-1", position, 1, position, payloadOf(id(number))];

test("messages of transactions that were committed are at the broker, of unknown ones all or none", () => {
  expect(brokenBy({ messages: [message(10), message(11)] }, [log, publish(publish(new Script(), [10]), [11])])).toEqual([]);
  expect(brokenBy({}, [log, publish(new Script(), [10], { fail: "CHANGED_MIND" })])).toEqual([]);
  for (const messages of [[], [message(10), message(11)]])
    expect(brokenBy({ messages }, [log, publish(new Script(), [10, 11], { unknown: "OUTCOME_UNKNOWN" })])).toEqual([]);
});

test.for([
  ["was lost", publish(new Script(), [10, 11]), [message(10)]],
  ["was rolled back, and published", publish(new Script(), [10], { fail: "CHANGED_MIND" }), [message(10)]],
  ["came without the others of its transaction", publish(new Script(), [10, 11], { unknown: "OUTCOME_UNKNOWN" }), [message(10)]],
  ["was never sent", new Script(), [message(10)]],
  ["was changed", publish(new Script(), [10]), [[id(10), "key-1", 10, 1, 10, { number: 0 }]]],
  ["came before one whose transaction had ended", publish(publish(new Script(), [10]), [11]), [message(11, 10), message(10, 11)]],
] as const)("a message that %s is found", ([, script, messages]) => {
  expect(brokenBy({ messages: [...messages] }, [log, script])).toEqual(["O1"]);
});

test("an event that is there without the messages beside it is found", () => {
  const script = new Script().call({ kind: "publish", messages: [["key-1", id(10)]], event: ["warm-1", id(1)] }, { unknown: "OUTCOME_UNKNOWN" });
  expect(brokenBy({}, [log, script])).toEqual(["O1"]);
});

test("where no broker is installed, nothing counts as looked at, and nothing as failed", () => {
  expect(broken(evidenceOf([log], rows, { published: { notRun: "needs Redis" } }))).toEqual([]);
});
