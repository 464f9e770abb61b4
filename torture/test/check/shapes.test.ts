import { describe, expect, test } from "vitest";
import { alteration, contentOf, partsOf } from "../../src/history/content.ts";
import { digestOf, partName } from "../../src/history/digest.ts";
import type { CommandState } from "../../src/history/entry.ts";
import type { Consumed, Effect, FinalState } from "../../src/history/final.ts";
import { shortId } from "../../src/history/short-id.ts";
import type { Reading } from "../../src/shapes/code.ts";
import { troubleOf } from "../../src/consume/trouble.ts";
import { firstShapeBatch, storedShape } from "../../src/shapes/shapes.ts";
import { broken, evidenceOf, id, Script, type Row } from "./evidence.ts";

/** The first event of yesterday's code that is stored under a type, by its number. */
function first(type: string): number {
  for (let number = firstShapeBatch; ; number++) if (storedShape(id(number)).type === type && troubleOf(id(number)) === undefined) return number;
}

const crate = first("CrateOpened");
const touched = first("CrateTouched");
const line = first("LineAdded");
const rows: readonly Row[] = [
  [1, line, "shape-1", 1],
  [2, touched, "shape-1", 2],
  [3, crate, "shape-1", 3],
];

type Seen = readonly (readonly [position: number, number: number])[];

function brokenBy(
  final: Partial<FinalState>,
  follow?: { readonly reading: Reading; readonly type?: string; readonly seen: Seen },
  state?: CommandState,
): string[] {
  const script = new Script();
  for (const [position, number, stream, version] of rows) {
    const call = { kind: "append" as const, how: "append shapes", parts: [{ stream, expected: "any" as const, ids: [id(number)] }] };
    script.call(call, { kind: "append", results: [[version, position, version === 1]], ...(position === 3 && state && { state }) });
  }
  const other = new Script(1_000);
  if (follow) {
    const { seen, ...rest } = follow;
    other.call({ kind: "follow", via: "readAll", after: 0, category: "shape", ...rest });
    other.entries.push({ t: "seen", op: 0, at: 2_000, events: seen.map(([position, number]) => [position, shortId(id(number))]) });
  }
  return broken(evidenceOf([script, other], rows, final));
}

const today: Reading = "today, lines as before";

interface How {
  readonly part?: number;
  readonly reading?: Reading;
  readonly fence?: number;
  readonly found?: string;
}

function effect(consumer: string, position: number, number: number, { part = 0, reading = today, fence = 1, found }: How = {}): Effect {
  return [consumer, position, id(number), 0, fence, part, reading, found ?? null];
}

const batched = [
  effect("in batches", 1, line, { reading: "stored" }),
  effect("in batches", 3, crate, { reading: "today" }),
  effect("in batches", 3, crate, { part: 1, reading: "today" }),
];

/** What consumers did right, but for the lines. */
function consumed(lines: readonly Effect[], letters: Consumed["letters"] = [], more: Partial<Consumed> = {}): { readonly consumed: Consumed } {
  const totals: Consumed["totals"] = [["in batches", 0, batched.length], ...(lines.length > 0 ? [["lines", 0, lines.length] as const] : [])];
  return { consumed: { effects: [...batched, ...lines], letters, totals, ...more } };
}

describe("of events in the shapes of two catalogues, the checker", () => {
  test("says what an event is to each reader", () => {
    const { type, data, metadata, tags } = contentOf(id(crate));
    const stored = { id: id(crate), type, data, metadata, tags, schemaVersion: 1 };
    expect(alteration(stored, "stored")).toBeUndefined();
    expect(alteration(stored, "today")).toContain("CrateOpened");
    const [one, two] = partsOf(id(crate), "today");
    expect(one && alteration({ ...stored, ...one, part: 0 }, "today")).toBeUndefined();
    expect(two && alteration({ ...stored, ...two, part: 1 }, "today")).toBeUndefined();
    expect(one && alteration({ ...stored, ...one, part: 1 }, "today")).toContain('"part":1');
    expect(one && alteration({ ...stored, ...one, part: 0 }, today)).toContain('"schemaVersion":2');
    expect(partsOf(id(touched), "today")).toEqual([]);
  });

  test("knows what each follower has to be given", () => {
    const all: Seen = [
      [1, line],
      [2, touched],
      [3, crate],
    ];
    const some = all.filter(([position]) => position !== 2);
    expect(brokenBy({}, { reading: "stored", seen: all })).toEqual([]);
    expect(brokenBy({}, { reading: "today", seen: some })).toEqual([]);
    expect(brokenBy({}, { reading: "today", type: "LineAdded", seen: some })).toEqual([]);
    expect(brokenBy({}, { reading: "stored", type: "LineAdded", seen: some.slice(0, 1) })).toEqual([]);
    // It was not looked for under its retired name.
    expect(brokenBy({}, { reading: "today", type: "LineAdded", seen: some.slice(1) })).toEqual(["S1"]);
    expect(brokenBy({}, { reading: "stored", seen: some })).toEqual(["S1"]);
  });

  test("finds a state that another catalogue counted", () => {
    const state = (reading: Reading): CommandState => {
      const names = rows.flatMap(([, number]) =>
        partsOf(id(number), reading).map((_, part, { length }) => (length > 1 ? partName(id(number), part) : id(number))),
      );
      return { streams: [["shape-1", 3]], events: names.length, digest: names.reduce((sum, name) => digestOf(sum, name), 0), reading };
    };
    expect(brokenBy({}, undefined, state("today"))).toEqual([]);
    expect(brokenBy({}, undefined, state("stored"))).toEqual([]);
    // One line and two of the crate, or three that are stored.
    expect(brokenBy({}, undefined, { ...state("stored"), reading: "today" })).toEqual(["K1"]);
  });

  const rightly = [effect("lines", 1, line), effect("lines", 3, crate), effect("lines", 3, crate, { part: 1 })];

  test("finds nothing wrong with events that two versions of the code handle", () => {
    expect(brokenBy(consumed(rightly))).toEqual([]);
    expect(brokenBy(consumed([effect("lines", 1, line, { reading: "stored" }), effect("lines", 3, crate, { reading: "stored", fence: 2 })]))).toEqual([]);
  });

  test("finds an event that is handled in part, by two, out of order, or in another shape", () => {
    const [one, two, three] = rightly;
    if (!one || !two || !three) throw new Error("missing");
    expect(brokenBy(consumed([one, two]))).toEqual(["V1"]);
    expect(brokenBy(consumed([one, two, effect("lines", 3, crate, { part: 1, fence: 2 })]))).toEqual(["V1"]);
    expect(brokenBy(consumed([one, two, effect("lines", 3, crate, { part: 1, reading: "stored" })]))).toEqual(["V1"]);
    expect(brokenBy(consumed([one, three, two]))).toEqual(["V1"]);
    expect(brokenBy(consumed([effect("lines", 1, line, { found: "something else" }), two, three]))).toEqual(["V1"]);
  });

  test("finds an event of a retired name that was missed", () => {
    expect(brokenBy(consumed(rightly.slice(0, 1)))).toEqual(["S4"]);
  });

  test("finds a letter that was not tried again, tried in another shape, or in part", () => {
    const aside: Consumed["letters"] = [["lines", 3, "failed", "DATABASE", 8]];
    const retried = (effects: readonly Effect[], left: readonly number[] = []): string[] =>
      brokenBy(consumed(rightly.slice(0, 1), aside, { retried: { positions: [3], effects, left } }));
    const [, two, three] = rightly;
    if (!two || !three) throw new Error("missing");
    expect(retried([two, three])).toEqual([]);
    expect(retried([two])).toEqual(["V2"]);
    expect(retried([])).toEqual(["V2"]);
    expect(retried([two, three, three])).toEqual(["V2"]);
    expect(retried([effect("lines", 3, crate, { found: "CrateOpened" })])).toEqual(["V2"]);
    expect(retried([], [3])).toEqual(["V2"]);
  });

  test("passes on what a reading of the whole log found", () => {
    expect(brokenBy({ decoded: { events: 3, wrong: [] } })).toEqual([]);
    expect(brokenBy({ decoded: { events: 3, wrong: ["1 came where 2 should have"] } })).toEqual(["V3"]);
  });
});
