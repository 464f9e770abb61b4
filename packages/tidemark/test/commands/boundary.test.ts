import { type BoundaryDecider, type EventReaderWriter, executeCommand, type RecordedEvent } from "../../src/index.ts";
import { type CourseEvent, offered, seatOf, seatTaken } from "../support/courses.ts";
import { describe, expect, test } from "../support/test.ts";

interface Enrolment {
  readonly course: string;
  readonly student: string;
}
interface State {
  readonly capacity: number;
  readonly taken: number;
  readonly courses: readonly string[];
}

class FullError extends Error {}

function evolve(state: State, event: RecordedEvent<CourseEvent>): State {
  switch (event.type) {
    case "CourseOffered":
      return { ...state, capacity: event.data.capacity };
    case "SeatTaken":
      return { ...state, taken: state.taken + 1, courses: [...state.courses, event.tags[0] ?? ""] };
    case "StudentLeft":
      return state;
  }
}

/** A seat in a course, of which a student has it once. */
const enrol: BoundaryDecider<State, Enrolment, CourseEvent> = {
  query: ({ course }) => [{ types: ["CourseOffered", "SeatTaken"], tags: [`course:${course}`] }],
  initialState: () => ({ capacity: 0, taken: 0, courses: [] }),
  evolve,
  decide: ({ course, student }, { capacity, taken }) => {
    if (taken >= capacity) throw new FullError(`${course} is full`);
    return [seatTaken(course, student)];
  },
};

async function taken(store: EventReaderWriter, course: string): Promise<number> {
  return (await store.readBoundary<CourseEvent>(seatOf(course))).events.length;
}

describe("a command by query", () => {
  test("decides on what matches, and gives back what it wrote and the state after", async ({ store }) => {
    await store.append([offered("c1", 2)]);
    await store.append([seatTaken("c2", "s9")]);
    const result = await executeCommand(store, enrol, { course: "c1", student: "s1" });
    const [event] = result.events;
    expect(event).toMatchObject({ type: "SeatTaken", streamId: "course-c1", version: 2, tags: ["course:c1", "student:s1"] });
    expect(result).toEqual({ state: { capacity: 2, taken: 1, courses: ["course:c1"] }, position: event?.position, events: [event], attempts: 1 });
    await executeCommand(store, enrol, { course: "c1", student: "s2" });
    await expect(executeCommand(store, enrol, { course: "c1", student: "s3" })).rejects.toThrow(FullError);
    expect(await taken(store, "c1")).toBe(2);
  });

  test("gives no more seats than there are, however many ask at once", async ({ store, openStore }) => {
    const stores = [store, await openStore()];
    await store.append([offered("c1", 5)]);
    const asked = await Promise.allSettled(
      Array.from({ length: 30 }, (_, n) => executeCommand(stores[n % 2] ?? store, enrol, { course: "c1", student: `s${n}` }, { retry: { attempts: 100 } })),
    );
    expect(asked.filter(({ status }) => status === "fulfilled")).toHaveLength(5);
    for (const outcome of asked) if (outcome.status === "rejected") expect(outcome.reason).toBeInstanceOf(FullError);
    expect(await taken(store, "c1")).toBe(5);
  });

  test("decides again when a match comes between, and not when something else does", async ({ store }) => {
    await store.append([offered("c1", 9)]);
    const seen: number[] = [];
    const interrupted: typeof enrol = {
      ...enrol,
      decide: async (command, state) => {
        seen.push(state.taken);
        if (seen.length === 1) await store.append([seatTaken("c1", "s7")]);
        if (seen.length === 2) await store.append([seatTaken("c2", "s7")]);
        return enrol.decide(command, state);
      },
    };
    const result = await executeCommand(store, interrupted, { course: "c1", student: "s1" });
    expect(seen).toEqual([0, 1]);
    expect(result).toMatchObject({ attempts: 2, state: { taken: 2 } });
  });

  test("gives up after its attempts with what came between, and writes nothing", async ({ store }) => {
    await store.append([offered("c1", 9)]);
    let position = 0;
    const interrupted: typeof enrol = {
      ...enrol,
      decide: async (command, state) => {
        ({ position } = await store.append([seatTaken("c1", "s7")]));
        return enrol.decide(command, state);
      },
    };
    for (const [retry, attempts] of [
      [false, 1],
      [{ attempts: 3 }, 3],
    ] as const) {
      const before = await taken(store, "c1");
      const failed = executeCommand(store, interrupted, { course: "c1", student: "s1" }, { retry });
      await expect(failed).rejects.toMatchObject({ code: "CONDITION_FAILED", streamId: "course-c1", type: "SeatTaken" });
      await failed.catch((error: unknown) => expect(error).toMatchObject({ position }));
      expect(await taken(store, "c1")).toBe(before + attempts);
    }
  });

  test("writes nothing where nothing is decided", async ({ store }) => {
    await store.append([offered("c1", 1)]);
    const result = await executeCommand(store, { ...enrol, decide: () => [] }, { course: "c1", student: "s1" });
    expect(result).toEqual({ state: { capacity: 1, taken: 0, courses: [] }, position: undefined, events: [], attempts: 1 });
    const skipped = await executeCommand(store, enrol, { course: "c1", student: "s1" }, { middleware: [{ before: () => "skip" }] });
    expect(skipped.position).toBeUndefined();
    expect(await store.readAll().toArray()).toHaveLength(1);
  });

  test("with an id is carried out once, and returns what it did", async ({ store }) => {
    await store.append([offered("c1", 9)]);
    const run = () => executeCommand(store, enrol, { course: "c1", student: "s1" }, { commandId: "request-1" });
    const [one, other] = await Promise.all([run(), run()]);
    expect(one.events).toEqual(other.events);
    expect(one.events[0]?.metadata).toEqual({ commandId: "request-1" });
    await store.append([seatTaken("c1", "s2")]);
    const again = await run();
    expect(again).toMatchObject({ events: one.events, position: one.position, state: { taken: 1 } });
    expect(await taken(store, "c1")).toBe(2);
  });

  test("gives its events metadata, and tells middleware before and after", async ({ store }) => {
    await store.append([offered("c1", 1)]);
    const told: unknown[] = [];
    const result = await executeCommand(
      store,
      enrol,
      { course: "c1", student: "s1" },
      {
        metadata: { actorId: "u1" },
        middleware: [
          {
            before: ({ streamId, attempt, state }) => void told.push([streamId, attempt, state]),
            after: ({ events }) => void told.push(events.length),
          },
        ],
      },
    );
    expect(result.events[0]?.metadata).toEqual({ actorId: "u1" });
    expect(told).toEqual([[undefined, 1, { capacity: 1, taken: 0, courses: [] }], 1]);
  });

  test("inside a transaction commits and rolls back with it, and is tried again there", async ({ store }) => {
    await store.append([offered("c1", 9)]);
    const ended = store.transaction(async (tx) => {
      expect((await executeCommand(tx, enrol, { course: "c1", student: "s1" })).state.taken).toBe(1);
      throw new Error("no");
    });
    await expect(ended).rejects.toThrow("no");
    expect(await taken(store, "c1")).toBe(0);
    let meddled = false;
    const meddling: typeof enrol = {
      ...enrol,
      decide: async (command, state) => {
        if (!meddled) await store.append([seatTaken("c1", "s7")]);
        meddled = true;
        return enrol.decide(command, state);
      },
    };
    const result = await store.transaction((tx) => executeCommand(tx, meddling, { course: "c1", student: "s1" }));
    expect(result).toMatchObject({ attempts: 2, state: { taken: 2 } });
  });

  test("writes to the stream that its decider names, and asks for one where there is no tag to name it", async ({ store }) => {
    const untagged: BoundaryDecider<number, string, CourseEvent> = {
      query: [{ types: ["StudentLeft"] }],
      initialState: () => 0,
      evolve: (left) => left + 1,
      decide: () => [{ type: "StudentLeft", data: {} }],
    };
    await expect(executeCommand(store, untagged, "s1")).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "decider.streamId" });
    const { events } = await executeCommand(store, { ...untagged, streamId: (student) => `student-${student}` }, "s1");
    expect(events[0]).toMatchObject({ streamId: "student-s1" });
    const { state } = await executeCommand(store, { ...untagged, streamId: "leavers" }, "s1");
    expect(state).toBe(2);
  });

  test("is refused before anything is read where the decider is not one", async ({ store }) => {
    const run = (changed: object) => executeCommand(store, { ...enrol, ...changed }, { course: "c1", student: "s1" });
    for (const [changed, path] of [
      [{ decide: undefined }, "decider.decide"],
      [{ reads: [] }, "decider.reads"],
      [{ query: "course:c1" }, "decider.query"],
      [{ query: [{ categories: ["course"] }] }, "decider.query[0].categories"],
      [{ query: () => ({ tags: ["course:c1"] }) }, "decider.query"],
      [{ streamId: "" }, "decider.streamId"],
      [{ quary: 1 }, "decider.quary"],
      [{ decide: () => seatTaken("c1", "s1") }, "decide"],
    ] as const) {
      await expect(run(changed)).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path });
    }
  });

  test("stops at its signal", async ({ store }) => {
    const controller = new AbortController();
    const stopped: typeof enrol = {
      ...enrol,
      decide: async (command) => {
        await store.append([seatTaken("c1", "s7")]);
        controller.abort(new Error("enough"));
        return [seatTaken(command.course, command.student)];
      },
    };
    await expect(executeCommand(store, stopped, { course: "c1", student: "s1" }, { signal: controller.signal })).rejects.toThrow("enough");
    expect(await taken(store, "c1")).toBe(1);
  });
});
