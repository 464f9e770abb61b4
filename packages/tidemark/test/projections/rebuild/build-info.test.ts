import { describe, expect, test } from "vitest";
import { buildInfo, type BuildRow } from "../../../src/projections/rebuild/build-info.ts";

const row: BuildRow = {
  state: "building",
  swap: "auto",
  startedAfter: 100,
  target: 900,
  reached: null,
  parts: 1,
  documents: 7,
  startedAt: 1_000,
  builtAt: null,
  elapsedMs: 2_000,
  error: null,
  dependents: null,
};

describe("how a build goes", () => {
  test("is told in events of all that there are now, with a rate and the time that is left", () => {
    expect(buildInfo(row, { position: 300, mark: 1_100 })).toMatchObject({ events: 200, total: 1_000, perSecond: 100, remainingMs: 8_000, documents: 7 });
    // It told of more than its checkpoint says.
    expect(buildInfo({ ...row, reached: 500 }, { position: 300, mark: 1_100 })).toMatchObject({
      events: 400,
      total: 1_000,
      perSecond: 200,
      remainingMs: 3_000,
    });
  });

  test("has no time left to tell before the first events, and once it is built", () => {
    expect(buildInfo(row, { position: 0, mark: 1_100 })).toMatchObject({ events: 0, total: 1_000, perSecond: 0, remainingMs: undefined });
    const built = buildInfo({ ...row, state: "ready", builtAt: 3_000 }, { position: 1_000, mark: 1_100 });
    expect(built).toMatchObject({ events: 900, perSecond: 400, remainingMs: undefined, builtAt: new Date(3_000) });
  });
});
