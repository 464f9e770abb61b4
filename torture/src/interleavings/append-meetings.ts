import { randomUUID } from "node:crypto";
import type { Meeting, Place } from "./meeting.ts";
import type { Step } from "./session.ts";

type Expected = number | "any" | "no-stream";

export const begin: Step = ({ query }) => query("begin");
export const commit: Step = ({ query }) => query("commit");
/** As one step, which nobody comes between. */
export const beginWith =
  (step: Step): Step =>
  async (hands) => {
    await begin(hands);
    return step(hands);
  };

const event = () => ({ type: "Happened", data: {}, id: randomUUID() });

export const append =
  (stream: string, expectedVersion: Expected = "any", id: string = randomUUID()): Step =>
  ({ tx }) =>
    tx().appendToStream(stream, [{ ...event(), id }], { expectedVersion });

export const appendAll =
  (...parts: readonly { readonly stream: string; readonly events: number; readonly expected?: Expected }[]): Step =>
  ({ tx }) =>
    tx().appendToStreams(
      parts.map(({ stream, events, expected = "any" }) => ({ streamId: stream, expectedVersion: expected, events: Array.from({ length: events }, event) })),
    );

/** The events of the streams of one order, as they are in the end. */
export async function eventsOf({ schema, query }: Place, key: string): Promise<{ stream: string; version: number; position: number }[]> {
  const rows = await query(
    `select s.name, e.version, e.position from ${schema}.events as e join ${schema}.streams as s on s.id = e.stream_id where s.category = $1 order by e.position`,
    [key],
  );
  return rows.map((row) => ({ stream: String(row["name"]), version: Number(row["version"]), position: Number(row["position"]) }));
}

/** Versions are 1 … n in the order of the log, and there are as many events as there should be. */
export async function dense(place: Place, key: string, count: number): Promise<string | undefined> {
  const events = await eventsOf(place, key);
  const heads = new Map<string, number>();
  for (const { stream, version } of events) {
    if (version !== (heads.get(stream) ?? 0) + 1) return `${stream} has version ${version} after ${heads.get(stream) ?? 0}`;
    heads.set(stream, version);
  }
  return events.length === count ? undefined : `there are ${events.length} events, and ${count} were committed`;
}

/** All steps of all actors succeed. */
export function allWell(outcomes: readonly (readonly string[])[]): string | undefined {
  const failed = outcomes.flat().find((outcome) => outcome !== "ok");
  return failed === undefined ? undefined : `a step ended with ${failed}`;
}

/** One of two wins, the other is told so. */
async function oneWins(place: Place, key: string, outcomes: readonly (readonly string[])[]): Promise<string | undefined> {
  const winners = outcomes.filter((steps) => steps.every((outcome) => outcome === "ok")).length;
  const losers = outcomes.filter((steps) => steps.includes("VERSION_CONFLICT")).length;
  if (winners !== 1 || losers !== 1) return `${winners} won and ${losers} lost: ${JSON.stringify(outcomes)}`;
  return dense(place, key, 1);
}

export const appendMeetings: readonly Meeting[] = [
  {
    name: "a transaction with a savepoint, and one that appends to both its streams",
    promise: "L1",
    steps: [6, 4],
    prepare: (key, place) => ({
      actors: [
        [begin, append(`${key}-1`), ({ query }) => query("savepoint s"), append(`${key}-2`), ({ query }) => query("rollback to s"), commit],
        [begin, append(`${key}-1`), append(`${key}-2`), commit],
      ],
      judge: async (outcomes) => allWell(outcomes) ?? (await dense(place, key, 3)),
    }),
  },
  {
    name: "two appends to the same streams, given in opposite orders",
    promise: "L6",
    steps: [3, 3],
    prepare: (key, place) => {
      const [one, two] = [
        { stream: `${key}-1`, events: 1 },
        { stream: `${key}-2`, events: 1 },
      ];
      return {
        actors: [
          [begin, appendAll(one, two), commit],
          [begin, appendAll(two, one), commit],
        ],
        judge: async (outcomes) => allWell(outcomes) ?? (await dense(place, key, 4)),
      };
    },
  },
  {
    name: "two appends that expect the same version",
    promise: "L3",
    steps: [3, 3],
    prepare: (key, place) => ({
      actors: [
        [begin, append(`${key}-1`, 0), commit],
        [begin, append(`${key}-1`, 0), commit],
      ],
      judge: (outcomes) => oneWins(place, key, outcomes),
    }),
  },
  {
    name: "two appends that create the same stream",
    promise: "L3",
    steps: [3, 3],
    prepare: (key, place) => ({
      actors: [
        [begin, append(`${key}-1`, "no-stream"), commit],
        [begin, append(`${key}-1`, "no-stream"), commit],
      ],
      judge: (outcomes) => oneWins(place, key, outcomes),
    }),
  },
  {
    name: "two tries of one append",
    promise: "L7",
    steps: [3, 3],
    prepare: (key, place) => {
      const id = randomUUID();
      return {
        actors: [
          [begin, append(`${key}-1`, 0, id), commit],
          [begin, append(`${key}-1`, 0, id), commit],
        ],
        judge: async (outcomes) => allWell(outcomes) ?? (await dense(place, key, 1)),
      };
    },
  },
  {
    name: "an append that finds a stream absent, and one that creates it",
    promise: "L3",
    steps: [3, 3],
    prepare: (key, place) => ({
      actors: [
        [begin, appendAll({ stream: `${key}-1`, events: 1 }, { stream: `${key}-2`, events: 0, expected: 0 }), commit],
        [begin, append(`${key}-2`), commit],
      ],
      async judge(outcomes) {
        const events = await eventsOf(place, key);
        const decided = events.find(({ stream }) => stream === `${key}-1`);
        const created = events.find(({ stream }) => stream === `${key}-2`);
        if (!created) return "the stream was not created";
        if (decided && created.position < decided.position)
          return `it was there at ${created.position}, before the append that found it absent at ${decided.position}`;
        if (!decided && outcomes[0]?.includes("VERSION_CONFLICT") !== true) return `the append is not there, and was told ${JSON.stringify(outcomes[0])}`;
        return undefined;
      },
    }),
  },
];
