import { describe, expect, test } from "vitest";
import { troubleOf } from "../../src/consume/trouble.ts";
import type { Consumed } from "../../src/history/final.ts";
import { broken, evidenceOf, id, Script, type Row } from "./evidence.ts";

/** The first event numbers whose events are poison, and harmless. */
function numbers(trouble: "poison" | undefined, count: number): number[] {
  const found: number[] = [];
  for (let number = 1; found.length < count; number++) if (troubleOf(id(number)) === trouble) found.push(number);
  return found;
}

const [first = 0, second = 0, third = 0] = numbers(undefined, 3);
const [poison = 0] = numbers("poison", 1);
const rows: readonly Row[] = [
  [1, first, "warm-1", 1],
  [2, poison, "warm-1", 2],
  [3, second, "warm-1", 3],
  [4, third, "warm-2", 1],
];

type Effect = Consumed["effects"][number];
const effect = (consumer: string, position: number, number: number, fence = 1, shard = 0): Effect => [
  consumer,
  position,
  id(number),
  shard,
  fence,
  0,
  "stored",
  null,
];

const rightly: Consumed = {
  effects: [
    effect("in batches", 1, first),
    effect("in batches", 2, poison),
    effect("in batches", 3, second),
    effect("in batches", 4, third),
    effect("singly", 1, first),
    effect("singly", 4, third),
  ],
  letters: [
    ["singly", 2, "failed"],
    ["singly", 3, "parked"],
  ],
  totals: [
    ["in batches", 0, 4],
    ["singly", 0, 2],
  ],
};

function brokenBy(consumed: Partial<Consumed>): string[] {
  const script = new Script();
  for (const [position, number, stream, version] of rows) script.append(stream, [number], [[version, position, version === 1]]);
  return broken(evidenceOf([script], rows, { consumed: { ...rightly, ...consumed } }));
}

const without = (position: number): Effect[] => rightly.effects.filter(([consumer, at]) => consumer !== "singly" || at !== position);

describe("of what consumers did, the checker", () => {
  test("finds nothing wrong with poison that is put aside and what waits behind it", () => {
    expect(brokenBy({})).toEqual([]);
  });

  test("finds a consumer that stopped", () => {
    expect(brokenBy({ stopped: "HistoryForkedError" })).toEqual(["S4"]);
  });

  test("finds an event that nobody handled", () => {
    expect(
      brokenBy({
        effects: without(4),
        totals: [
          ["in batches", 0, 4],
          ["singly", 0, 1],
        ],
      }),
    ).toEqual(["S4"]);
  });

  test("finds an event that was handled and put aside", () => {
    expect(brokenBy({ letters: [...rightly.letters, ["singly", 4, "failed"]] })).toContain("S4");
  });

  test("finds an event that was handled and is not there", () => {
    expect(brokenBy({ effects: [...rightly.effects, effect("singly", 9, third)] })).toContain("S4");
  });

  test("finds an owner who went on after another had taken over", () => {
    expect(
      brokenBy({ effects: [effect("singly", 1, first, 2), effect("singly", 4, third, 1), ...rightly.effects.filter(([consumer]) => consumer !== "singly")] }),
    ).toEqual(["S5"]);
  });

  test("finds events of a stream that were handled in another order", () => {
    const [one, two, ...others] = rightly.effects;
    expect(brokenBy({ effects: [...(two ? [two] : []), ...(one ? [one] : []), ...others] })).toEqual(["S6"]);
  });

  test("finds an event that was counted twice", () => {
    expect(
      brokenBy({
        totals: [
          ["in batches", 0, 5],
          ["singly", 0, 2],
        ],
      }),
    ).toEqual(["S7"]);
  });

  test("finds an event that was given up on without need", () => {
    expect(
      brokenBy({
        effects: without(4),
        letters: [...rightly.letters, ["singly", 4, "failed"]],
        totals: [
          ["in batches", 0, 4],
          ["singly", 0, 1],
        ],
      }),
    ).toEqual(["S10"]);
  });

  test("allows an event to be given up on that the database refused, or was too slow for, as often as it may be tried", () => {
    const givenUp = (code: string | null, attempts = 8): readonly string[] =>
      brokenBy({
        effects: without(4),
        letters: [...rightly.letters, ["singly", 4, "failed", code, attempts]],
        totals: [
          ["in batches", 0, 4],
          ["singly", 0, 1],
        ],
      });
    expect([givenUp("53100"), givenUp("DATABASE"), givenUp("HANDLER_TIMEOUT")]).toEqual([[], [], []]);
    expect([givenUp("DATABASE", 7), givenUp("HANDLER_TIMEOUT", 1)]).toEqual([["S10"], ["S10"]]);
    expect([givenUp(null), givenUp("ENOENT")]).toEqual([["S10"], ["S10"]]);
  });

  test("finds an event that overtook the poison of its stream", () => {
    expect(
      brokenBy({
        effects: [...rightly.effects, effect("singly", 3, second)],
        letters: [["singly", 2, "failed", null]],
        totals: [
          ["in batches", 0, 4],
          ["singly", 0, 3],
        ],
      }),
    ).toEqual(["S10"]);
  });
});
