import { AssertionError } from "node:assert";
import { describe, expect, test } from "vitest";
import { type BoundaryDecider, type Event, type MultiStreamDecider, type StreamAppend, VersionConflictError } from "../../src/index.ts";
import { scenario } from "../../src/testing/index.ts";

type AccountEvent = Event<"Deposited", { cents: number }> | Event<"Withdrawn", { cents: number }> | Event<"LinkedTo", { streamId: string }>;
interface Transfer {
  readonly from: string;
  readonly to: string;
  readonly cents: number;
}
class ShortError extends Error {}

const transfer: MultiStreamDecider<Record<string, number>, Transfer, AccountEvent> = {
  reads: ({ from, to }) => [from, to],
  initialState: () => ({}),
  evolve: (balances, { streamId, type, data }) =>
    "cents" in data ? { ...balances, [streamId]: (balances[streamId] ?? 0) + (type === "Deposited" ? data.cents : -data.cents) } : balances,
  decide: ({ from, to, cents }, balances) => {
    if ((balances[from] ?? 0) < cents) throw new ShortError(`${from} is short`);
    return [
      { streamId: from, events: [{ type: "Withdrawn", data: { cents } }] },
      { streamId: to, events: [{ type: "Deposited", data: { cents } }] },
    ];
  },
};
const deposited = (streamId: string, cents: number): AccountEvent & { streamId: string } => ({ streamId, type: "Deposited", data: { cents } });
const moved = (from: string, to: string, cents: number): StreamAppend<AccountEvent>[] => [
  { streamId: from, events: [{ type: "Withdrawn", data: { cents } }] },
  { streamId: to, events: [{ type: "Deposited", data: { cents } }] },
];

function failure(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("it passed");
}

describe("a scenario of several streams", () => {
  const given = [deposited("a-1", 700), deposited("a-2", 1), deposited("other", 10_000)];

  test("is decided on the streams that the decider names, and on nothing else", () => {
    expect.assertions(0);
    scenario(transfer)
      .given(given)
      .when({ from: "a-1", to: "a-2", cents: 700 })
      .then(moved("a-1", "a-2", 700));
    scenario(transfer)
      .given(given)
      .when({ from: "a-1", to: "a-2", cents: 701 })
      .thenThrows(/a-1 is short/);
    scenario(transfer).given([]).when({ from: "a-1", to: "a-2", cents: 1 }).thenThrows(ShortError);
    scenario(transfer)
      .given(given)
      .when({ from: "a-1", to: "a-2", cents: 700 }, { from: "a-2", to: "a-3", cents: 701 })
      .then([...moved("a-1", "a-2", 700), ...moved("a-2", "a-3", 701)]);
    scenario(transfer).given(given).when({ from: "a-1", to: "a-2", cents: 400 }, { from: "a-1", to: "a-2", cents: 400 }).thenThrows(ShortError);
  });

  test("notices another stream, another event and another order", () => {
    const decision = scenario(transfer).given(given).when({ from: "a-1", to: "a-2", cents: 7 });
    decision.then(moved("a-1", "a-2", 7));
    for (const told of [moved("a-2", "a-1", 7), moved("a-1", "a-2", 8), moved("a-1", "a-2", 7).toReversed(), [], moved("a-1", "a-2", 7).slice(1)]) {
      const error = failure(() => decision.then(told));
      expect(error).toBeInstanceOf(AssertionError);
      expect(error).toMatchObject({ actual: moved("a-1", "a-2", 7), expected: told, message: expect.stringContaining("led to other events") });
    }
  });

  test("finds streams as they are named, and knows one that comes to no end", () => {
    const seen: string[] = [];
    const linked: MultiStreamDecider<string[], number, AccountEvent> = {
      reads: (_command, state) => ["start", ...state],
      initialState: () => [],
      evolve: (names, { data }) => ("streamId" in data ? [...names, data.streamId] : names),
      decide: (_command, names) => {
        seen.push(names.join());
        return [];
      },
    };
    const link = (streamId: string, to: string): AccountEvent & { streamId: string } => ({ streamId, type: "LinkedTo", data: { streamId: to } });
    scenario(linked)
      .given([link("b", "c"), link("start", "b"), link("unread", "z")])
      .when(1)
      .then([]);
    expect(seen).toEqual(["c,b"]);
    const endless = { ...linked, reads: (_command: number, state: string[]) => [`more-${Math.random()}`, ...state] };
    expect(failure(() => scenario(endless).given([]).when(1).then([]))).toMatchObject({ code: "INVALID_ARGUMENT", path: "decider.reads" });
  });

  test("gives evolve what a store gives it: versions, positions, metadata", () => {
    const seen: unknown[] = [];
    const watching: typeof transfer = {
      ...transfer,
      evolve: (balances, event) => {
        seen.push([event.streamId, event.category, event.version, event.position, event.metadata, event.recordedAt instanceof Date]);
        return transfer.evolve(balances, event);
      },
    };
    scenario(watching)
      .given([deposited("a-1", 1), deposited("a-2", 2), deposited("a-1", 3)])
      .when({ from: "a-1", to: "a-2", cents: 4 })
      .then(moved("a-1", "a-2", 4));
    expect(seen.slice(0, 3)).toEqual([
      ["a-1", "a", 1, 1, {}, true],
      ["a-2", "a", 1, 2, {}, true],
      ["a-1", "a", 2, 3, {}, true],
    ]);
  });

  test("refuses what executeCommand would refuse", () => {
    const decides = (decided: StreamAppend<AccountEvent>[]): typeof transfer => ({ ...transfer, decide: () => decided });
    const command = { from: "a-1", to: "a-2", cents: 1 };
    const event = { type: "Deposited", data: { cents: 1 } } as const;
    const refused = (decided: StreamAppend<AccountEvent>[]): unknown => failure(() => scenario(decides(decided)).given([]).when(command).then(decided));
    expect(refused([{ streamId: "a-1", events: [event], expectedVersion: 0 }])).toMatchObject({ code: "INVALID_ARGUMENT", path: "decide" });
    expect(
      refused([
        { streamId: "x", events: [event] },
        { streamId: "x", events: [event] },
      ]),
    ).toMatchObject({ path: "decided[1].streamId" });
    expect(refused([{ streamId: "", events: [event] }])).toMatchObject({ path: "decided[0].streamId" });
    expect(refused([{ streamId: "x", events: [{ type: "Deposited", data: { cents: Number.NaN } }] }])).toMatchObject({
      path: "decided[0].events[0].data.cents",
    });
    expect(
      failure(() =>
        scenario(transfer)
          .given([{ ...event, streamId: "" }])
          .when(command)
          .then([]),
      ),
    ).toMatchObject({ path: "given[0].streamId" });
    scenario(decides([{ streamId: "x", events: [event], expectedVersion: "stream-exists" }]))
      .given([])
      .when(command)
      .thenThrows(VersionConflictError);
    scenario(decides([{ streamId: "x", events: [event], expectedVersion: 1 }]))
      .given([deposited("x", 1)])
      .when(command)
      .then([{ streamId: "x", events: [event], expectedVersion: 1 }]);
  });
});

type SeatEvent = Event<"SeatTaken", { by: string }> | Event<"CourseOpened", { seats: number }>;

describe("a scenario by query", () => {
  const enrol: BoundaryDecider<{ free: number; mine: number }, { course: string; by: string }, SeatEvent> = {
    query: ({ course, by }) => [{ tags: [`course:${course}`] }, { types: ["SeatTaken"], tags: [`student:${by}`] }],
    initialState: () => ({ free: 0, mine: 0 }),
    evolve: ({ free, mine }, event) => (event.type === "CourseOpened" ? { free: free + event.data.seats, mine } : { free: free - 1, mine: mine + 1 }),
    decide: ({ course, by }, { free, mine }) => {
      if (free <= 0) throw new Error(`${course} is full`);
      if (mine > 2) throw new Error(`${by} has enough`);
      return [{ type: "SeatTaken", data: { by }, tags: [`course:${course}`, `student:${by}`] }];
    },
  };
  const opened = (course: string, seats: number): SeatEvent & { tags: string[] } => ({ type: "CourseOpened", data: { seats }, tags: [`course:${course}`] });
  const taken = (course: string, by: string): SeatEvent & { tags: string[] } => ({
    type: "SeatTaken",
    data: { by },
    tags: [`course:${course}`, `student:${by}`],
  });

  test("sees the events that the query matches, and no others", () => {
    expect.assertions(0);
    scenario(enrol)
      .given([opened("c1", 1), opened("c2", 5), taken("c2", "bob")])
      .when({ course: "c1", by: "ada" })
      .then([taken("c1", "ada")]);
    scenario(enrol)
      .given([opened("c1", 1), taken("c1", "bob")])
      .when({ course: "c1", by: "ada" })
      .thenThrows(/c1 is full/);
    scenario(enrol)
      .given([opened("c1", 1)])
      .when({ course: "c1", by: "ada" }, { course: "c1", by: "bob" })
      .thenThrows(/c1 is full/);
    scenario({ ...enrol, query: [] })
      .given([{ type: "CourseOpened", data: { seats: 1 } }])
      .when({ course: "c1", by: "ada" })
      .then([taken("c1", "ada")]);
  });

  test("notices other tags, and refuses what append would refuse", () => {
    const decision = scenario(enrol)
      .given([opened("c1", 1)])
      .when({ course: "c1", by: "ada" });
    expect(failure(() => decision.then([taken("c2", "ada")]))).toBeInstanceOf(AssertionError);
    const untagged = { ...enrol, decide: (): SeatEvent[] => [{ type: "SeatTaken", data: { by: "ada" } }] };
    expect(failure(() => scenario(untagged).given([]).when({ course: "c1", by: "ada" }).then([]))).toMatchObject({ path: "decider.streamId" });
    // @ts-expect-error -- no part of a boundary
    const wrong: BoundaryDecider<{ free: number; mine: number }, { course: string; by: string }, SeatEvent> = { ...enrol, query: [{ categories: ["a"] }] };
    expect(failure(() => scenario(wrong).given([]).when({ course: "c1", by: "ada" }).then([]))).toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  test("of a decider that is asynchronous is awaited", async () => {
    const slow = { ...enrol, decide: async (...decision: Parameters<typeof enrol.decide>) => enrol.decide(...decision) };
    const decision = scenario(slow)
      .given([opened("c1", 1)])
      .when({ course: "c1", by: "ada" });
    await decision.thenAsync([taken("c1", "ada")]);
    expect(failure(() => decision.then([taken("c1", "ada")]))).toMatchObject({ message: expect.stringContaining("thenAsync") });
    await expect(decision.thenThrowsAsync()).rejects.toBeInstanceOf(AssertionError);
  });
});
