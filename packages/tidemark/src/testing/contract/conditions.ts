import { deepStrictEqual, rejects, strictEqual } from "node:assert";
import type { BoundaryQuery, NewEvent } from "../../model/event.ts";
import type { Law } from "./law.ts";

function seat(course: string, student: string): NewEvent {
  return { type: "SeatTaken", data: {}, tags: [`course:${course}`, `student:${student}`] };
}

const ofCourse: BoundaryQuery = [{ types: ["SeatTaken"], tags: ["course:c1"] }];
const failed = { code: "CONDITION_FAILED", streamId: "course-c1", type: "SeatTaken" };

export const conditionLaws: readonly Law[] = [
  {
    name: "an append on the condition that nothing matches is written once",
    async holds(open) {
      const store = await open();
      await store.append([seat("c2", "s1")]);
      strictEqual((await store.append([seat("c1", "s1")], { condition: { query: ofCourse } })).streamId, "course-c1");
      await rejects(store.append([seat("c1", "s2")], { condition: { query: ofCourse } }), failed);
      strictEqual((await store.streamInfo("course-c1")).version, 1);
    },
  },
  {
    name: "a boundary, JSON or not, lets what was read pass and fails on any other match",
    async holds(open) {
      const store = await open();
      await store.append([seat("c1", "s1"), seat("c1", "s2"), seat("c2", "s1")]);
      const { events, boundary } = await store.readBoundary(ofCourse);
      deepStrictEqual(
        events.map(({ tags }) => tags[1]),
        ["student:s1", "student:s2"],
      );
      const after = JSON.parse(JSON.stringify(boundary));
      await store.append([seat("c2", "s3")], { condition: { query: ofCourse, after } });
      await store.append([seat("c1", "s3")], { condition: { query: ofCourse, after } });
      await rejects(store.append([seat("c1", "s4")], { condition: { query: ofCourse, after } }), failed);
      await rejects(store.append([seat("c1", "s4")], { condition: { query: ofCourse, after: boundary } }), failed);
    },
  },
  {
    name: "of many conditional appends at once to each seat one is written, the first",
    async holds(open) {
      const store = await open();
      const query = (course: number): BoundaryQuery => [{ tags: [`course:c${course}`] }];
      const calls = Array.from({ length: 30 }, (_, n) => store.append([seat(`c${n % 6}`, `s${n}`)], { condition: { query: query(n % 6) } }));
      const outcomes = await Promise.allSettled(calls);
      deepStrictEqual(
        outcomes.flatMap(({ status }, n) => (status === "fulfilled" ? [n] : [])),
        [0, 1, 2, 3, 4, 5],
      );
    },
  },
  {
    name: "a condition holds in a transaction, and a repetition of its ids returns the first result",
    async holds(open) {
      const store = await open();
      const events = [{ ...seat("c1", "s1"), id: crypto.randomUUID() }];
      const first = await store.transaction((tx) => tx.append(events, { condition: { query: ofCourse } }));
      deepStrictEqual(await store.append(events, { condition: { query: ofCourse } }), first);
      await rejects(
        store.transaction((tx) => tx.append([seat("c1", "s2")], { condition: { query: ofCourse } })),
        failed,
      );
    },
  },
];
