import { AppendCounters } from "../../src/append/append-counters.ts";
import { encodeBatch } from "../../src/append/batch.ts";
import { outcomeOf } from "../../src/append/outcome.ts";
import { PendingAppend } from "../../src/append/pending-append.ts";
import { recordedEvents } from "../../src/append/recorded.ts";
import { ConnectionError } from "../../src/errors/database.ts";
import { DuplicateEventError } from "../../src/errors/appending.ts";
import type { ExpectedVersion } from "../../src/model/event.ts";
import { describe, expect, rejection, test } from "./test.ts";

const id = "0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d78";

function pending(expected: ExpectedVersion, events = 1): PendingAppend {
  const event = { id, type: "T", data: "{}", metadata: "", tags: "", schemaVersion: 1 };
  const part = { tenant: "", streamId: "cart-1", expected, events: events === 0 ? [] : [event] };
  const append = new PendingAppend({ parts: [part], events, bytes: 2, ownIds: false, tags: 0 }, undefined, new AppendCounters());
  append.unanswered = true;
  return append;
}

describe("after a try that was never answered", () => {
  test.for([
    [2, 3, "VERSION_CONFLICT"],
    [5, 3, "OUTCOME_UNKNOWN"],
    ["no-stream", 3, "VERSION_CONFLICT"],
    ["stream-exists", 0, "OUTCOME_UNKNOWN"],
    [{ unchangedSince: 7 }, 3, "VERSION_CONFLICT"],
  ] as const)("a conflict of %j with version %i is %s: final only if that try cannot pass any more", async ([expected, actual, code]) => {
    const append = pending(expected);
    const outcome = outcomeOf(
      append.append.parts.map((part) => ({ part, verdict: 2, version: actual, position: 9 })),
      undefined,
    );
    if (outcome.kind === "blocked" || outcome.kind === "outdated") throw new Error("It is a conflict.");
    append.settle(outcome);
    expect(await rejection(append.promise)).toMatchObject({ code });
  });

  test("a failure leaves the outcome unknown, but for an id that exists and for an append without events", async () => {
    const lost = new ConnectionError("lost", { sent: true });
    for (const [append, error, code] of [
      [pending("any"), lost, "OUTCOME_UNKNOWN"],
      [pending("any"), new DuplicateEventError(id, "cart-2", "in another stream"), "DUPLICATE_EVENT"],
      [pending("any", 0), lost, "CONNECTION"],
    ] as const) {
      append.fail(error);
      expect(await rejection(append.promise)).toMatchObject({ code });
    }
  });
});

test("an append that was there already, and one whose answer leaves events out, tell nothing", () => {
  const [part] = pending("any").append.parts;
  if (!part) throw new Error("It has one.");
  const written = { positions: [9], first: 0, recordedAt: 0 };
  const told = (verdict: number, where: typeof written | undefined): unknown => {
    const outcome = outcomeOf([{ part, verdict, version: 1, position: 9, written: where }], undefined);
    return outcome.kind === "written" && recordedEvents(outcome);
  };
  expect(told(0, written)).toMatchObject([{ id, position: 9, version: 1, recordedAt: new Date(0) }]);
  expect(told(1, written)).toBeUndefined();
  expect(told(0, undefined)).toBeUndefined();
  expect(told(0, { ...written, positions: [] })).toBeUndefined();
});

test("events are told the positions of their own append, behind one that is refused", () => {
  const [part] = pending("any").append.parts;
  if (!part) throw new Error("It has one.");
  const [refused, other] = ["cart-0", "cart-2"].map((streamId) => ({ parts: [{ ...part, streamId }], events: 1, bytes: 2, ownIds: true, tags: 0 }));
  if (!refused || !other) throw new Error("There are two.");
  const { outcomes } = encodeBatch([refused, other], true, { recordedAt: null, durability: null, epoch: 0 });
  const row = { verdicts: "{2,0}", versions: "{3,1}", positions: "{7,12}", detail: null, written: "{12}", recorded_at: "1000" };
  const [first, second] = outcomes(row);
  expect(first).toMatchObject({ kind: "conflict" });
  expect(second?.kind === "written" && recordedEvents(second)).toMatchObject([{ streamId: "cart-2", position: 12, recordedAt: new Date(1_000) }]);
});

describe("an append with more tags than a batch may claim", () => {
  const tagged = (streamId: string, tags: (n: number) => string): PendingAppend => {
    const events = Array.from({ length: 60 }, (_, n) => ({ id, type: "T", data: "{}", metadata: "", tags: tags(n), schemaVersion: 1 }));
    const part = { tenant: "", streamId, expected: "any" as const, events };
    return new PendingAppend({ parts: [part], events: 60, bytes: 120, ownIds: false, tags: 600 }, undefined, new AppendCounters());
  };
  const different = (n: number): string => Array.from({ length: 10 }, (_, i) => `t${n}-${i}`).join("\x1f");
  const same = (): string => Array.from({ length: 10 }, (_, i) => `t${i}`).join("\x1f");

  test("goes with no other such append, for both would need the bulk claim", () => {
    const [one, other] = [tagged("cart-1", different), tagged("cart-2", different)];
    expect(one.keys.filter((key) => other.keys.includes(key))).toHaveLength(1);
    expect(one.tags).toBe(600);
  });

  test("counts as one with few where its events share them", () => {
    const [one, other] = [tagged("cart-1", same), tagged("cart-2", different)];
    expect(one.keys.filter((key) => other.keys.includes(key))).toEqual([]);
    expect(one.tags).toBe(0);
  });
});
