import { describe, expect, test } from "vitest";
import { defaultStreamFor } from "../../src/append/default-stream.ts";
import { checkAppendOptions, checkAppendToStreamsOptions, checkConditionalAppendOptions } from "../../src/append/options.ts";
import { refusal } from "../arguments/refusal.ts";

describe("the options of an append", () => {
  const { signal } = new AbortController();

  test("may be left out, empty, or hold what is known", () => {
    expect(checkAppendOptions(undefined)).toEqual({});
    expect(checkAppendOptions({ expectedVersion: undefined, signal: undefined })).toEqual({});
    expect(checkAppendOptions({ expectedVersion: 3, signal })).toEqual({ expectedVersion: 3, signal });
    expect(checkAppendToStreamsOptions({ signal })).toEqual({ signal });
    expect(refusal(() => checkAppendToStreamsOptions({ onRecorded: 3 }))).toMatchObject({ path: "options.onRecorded" });
    expect(checkConditionalAppendOptions({ streamId: "course-c1", signal })).toEqual({ streamId: "course-c1", signal });
  });

  test("are not a number, which other stores take for the expected version", () => {
    expect(refusal(() => checkAppendOptions(3))).toMatchObject({ path: "options", message: expect.stringContaining("must be an object, not 3") });
  });

  test("answer an unknown option with the one that was meant", () => {
    expect(refusal(() => checkAppendOptions({ expectedversion: 3 })).message).toContain('did you mean "expectedVersion"?');
    expect(refusal(() => checkAppendToStreamsOptions({ expectedVersion: 3 })).path).toBe("options.expectedVersion");
  });
});

describe("the stream of an append by tags", () => {
  test("is named after the first event's first tag, with - for :", () => {
    expect(defaultStreamFor([{ tags: ["course:c1", "student:s1"] }, { tags: ["x"] }])).toBe("course-c1");
    expect(defaultStreamFor([{ tags: ["a:b:c"] }])).toBe("a-b-c");
  });

  test.for([
    ["there is no event", []],
    ["it has no tags", [{}]],
    ["its tags are empty", [{ tags: [] }]],
    ["only a later event has one", [{ tags: [] }, { tags: ["a"] }]],
  ] as const)("must be given where %s", ([, events]) => {
    expect(refusal(() => defaultStreamFor(events)).path).toBe("options.streamId");
  });

  test("is not made of a bad tag", () => {
    expect(refusal(() => defaultStreamFor([{ tags: ["a\n"] }])).path).toBe("events[0].tags[0]");
  });
});
