import { startServer } from "@tidemark/servers";
import { openEventStore } from "tidemark";
import { beforeAll, describe, expect, test } from "vitest";
import { judge } from "../src/check/invariant.ts";
import { invariants } from "../src/check/invariants/invariants.ts";
import { firstErrandBatch, timedOut, toldPrefix } from "../src/errands/inputs.ts";
import { timerId } from "../src/errands/plan.ts";
import { runErrandsToTheEnd } from "../src/errands/to-the-end.ts";
import { contentOf, eventId, tagsOf, types } from "../src/history/content.ts";
import type { ErrandEvent, ErrandsLeft } from "../src/history/final.ts";
import { evidenceOf } from "./check/evidence.ts";

const ofProcesses = invariants.filter(({ id }) => id.startsWith("P"));
const schema = "tidemark";
let left: ErrandsLeft;

beforeAll(async () => {
  await using server = await startServer({ settings: { fsync: "off" } });
  await using store = await openEventStore(server.url, { schema });
  for (let instance = 0; instance < 60; instance++) {
    const ids = Array.from({ length: 4 }, (_, place) => eventId(1, 1, firstErrandBatch + instance, place));
    await store.appendToStream(
      `${toldPrefix}${instance}`,
      ids.map((id) => ({ ...contentOf(id), id })),
    );
  }
  left = await runErrandsToTheEnd(store, server.url, schema);
});

function broken(change: Partial<ErrandsLeft>): string[] {
  return judge(ofProcesses, evidenceOf([], [], { errands: { ...left, ...change } })).flatMap(({ id, anomalies }) => (anomalies > 0 ? [id] : []));
}

const written = (type: string): ErrandEvent => left.events.find((event) => event[3] === type) ?? missing(`there is no ${type}`);

function missing(what: string): never {
  throw new Error(what);
}

/** The row with other values at some places. */
function altered<Row extends readonly unknown[]>(row: Row, ...changes: readonly (readonly [place: number, value: unknown])[]): Row {
  const copy = structuredClone(row);
  for (const [place, value] of changes) Reflect.set(copy, place, value);
  return copy;
}

const instead = <Row>(rows: readonly Row[], row: Row, other: Row): Row[] => rows.map((one) => (one === row ? other : one));
const position = 0;
const behind = 1e6;

test("no condition asks for what a process wrote, whatever its id looks like", () => {
  const tagged = Array.from({ length: 50 }, (_, n) => timerId("an input", [n])).filter((id) => tagsOf(id).length > 0);
  expect(tagged.length).toBeGreaterThan(0);
  for (const { type, tags } of tagged.map(contentOf)) expect({ known: types.some((one) => one === type), tags }).toEqual({ known: false, tags: [] });
});

describe("of what a process did, the checker", () => {
  test("finds nothing wrong where nothing disturbed it, and looks at everything", () => {
    const verdicts = judge(ofProcesses, evidenceOf([], [], { errands: left }));
    expect(verdicts.flatMap(({ examples }) => examples)).toEqual([]);
    expect(verdicts.filter(({ checked }) => checked === 0)).toEqual([]);
    expect(new Set(left.commands.map(([, , , , status]) => status))).toEqual(new Set(["done", "refused"]));
    expect(new Set(left.instances.map(([, status]) => status))).toEqual(new Set(["completed", "running"]));
  });

  test("finds an input that was handled twice, one that was lost, and one that was counted as late too often", () => {
    const [first = missing("there are no instances")] = left.instances;
    const again = left.inputs.flatMap((input) => (input[0] === first[0] && input[1] === 1 ? [input, input] : [input]));
    expect(broken({ inputs: again })).toEqual(["P1"]);
    expect(broken({ inputs: left.inputs.slice(1) })).toEqual(["P1"]);
    expect(broken({ instances: instead(left.instances, first, altered(first, [5, first[5] + 1])) })).toContain("P1");
  });

  test("finds a command that wrote nothing, twice, or to another stream, and one that was not issued", () => {
    const done = written("ErrandDone");
    const [first = missing("there are no commands")] = left.commands;
    expect(broken({ events: left.events.filter((event) => event !== done) })).toEqual(["P2"]);
    expect(broken({ events: [...left.events, altered(done, [position, behind], [1, "again"])] })).toContain("P2");
    expect(broken({ events: instead(left.events, done, altered(done, [2, "work-elsewhere"])) })).toEqual(["P2"]);
    expect(broken({ commands: instead(left.commands, first, altered(first, [4, "pending"])) })).toEqual(["P2"]);
  });

  test("finds an instance that goes on after its end, or keeps a timer", () => {
    const ended = left.instances.find(([, status]) => status === "completed") ?? missing("none has ended");
    expect(broken({ timers: [...left.timers, [ended[0], "far"]] })).toEqual(["P3", "P4"]);
    expect(broken({ instances: instead(left.instances, ended, altered(ended, [1, "running"])) })).toContain("P3");
  });

  test("finds a timer that was lost, and one that was never set", () => {
    expect(broken({ timers: left.timers.slice(1) })).toEqual(["P4"]);
    expect(broken({ events: [...left.events, altered(written(timedOut), [position, behind], [1, "another"])] })).toContain("P4");
  });

  test("finds commands of an instance that overtook each other", () => {
    const notes = Map.groupBy(
      left.events.filter(([, , , type]) => type === "ErrandNoted"),
      ([, , , , data]) => JSON.stringify(data).split('"instance":')[1]?.split(",")[0],
    );
    const [first, ...others] = [...notes.values()].find((some) => some.length > 2) ?? [];
    const last = others.at(-1);
    if (!first || !last) return missing("no instance has written so much");
    const events = instead(left.events, first, altered(first, [position, last[0]]));
    expect(broken({ events: instead(events, last, altered(last, [position, first[0]])) })).toContain("P5");
  });

  test("finds events of other causes and correlations", () => {
    const noted = written("ErrandNoted");
    expect(broken({ events: instead(left.events, noted, altered(noted, [5, "another request"])) })).toEqual(["P6"]);
    expect(broken({ events: instead(left.events, noted, altered(noted, [6, null])) })).toEqual(["P6"]);
  });
});
