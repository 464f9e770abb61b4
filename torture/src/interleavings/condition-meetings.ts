import type { EventStore } from "tidemark";
import { begin, beginWith, commit, eventsOf } from "./append-meetings.ts";
import type { Meeting, Place } from "./meeting.ts";
import type { Step } from "./session.ts";
import { type Stop, stopAt } from "./stops.ts";

const tagOf = (key: string, seat = 1): string => `seat:${key}-${seat}`;
const seat = (key: string, number = 1) => ({ type: "SeatTaken", data: {}, tags: [tagOf(key, number)] });

/** Takes the seat if it is free, as a decision would that has read that it is. */
const demand = (key: string, number = 1) => ({ condition: { query: [{ tags: [tagOf(key, number)] }] }, streamId: `${key}-demanded-${number}` });

const takeFreeSeat =
  (key: string, by = ""): Step =>
  ({ tx }) =>
    tx().append([seat(key)], { ...demand(key), streamId: `${key}-demanded-1${by}` });

/** Whatever the condition of somebody else says. */
const takeSeat =
  (key: string): Step =>
  ({ tx }) =>
    tx().append([seat(key)], { streamId: `${key}-taken` });

/** Through a store's own connection, outside a transaction: alone, as one of two in a batch, and with ids of the caller's. */
const ways: Readonly<Record<string, (key: string) => Step>> = {
  "an append":
    (key) =>
    ({ own }) =>
      own.append([seat(key)], demand(key)),
  "two appends in a batch":
    (key) =>
    ({ own }) =>
      Promise.all([own.append([seat(key)], demand(key)), own.append([seat(key, 2)], demand(key, 2))]),
  "an append with an id":
    (key) =>
    ({ own }) =>
      own.append([{ ...seat(key), id: crypto.randomUUID() }], demand(key)),
};

/** Who demanded that the seat was free has it before everybody else, or is told that it was not. */
async function demanded(place: Place, key: string, outcome: readonly string[] = []): Promise<string | undefined> {
  const events = await eventsOf(place, key);
  const mine = events.find(({ stream }) => stream === `${key}-demanded-1`);
  const theirs = events.find(({ stream }) => stream === `${key}-taken`);
  if (!theirs) return "the seat was not taken by whoever demands nothing";
  if (mine && theirs.position < mine.position) return `the condition held at ${mine.position}, behind the seat taken at ${theirs.position}`;
  if (!mine && !outcome.includes("CONDITION_FAILED")) return `the conditional append is not there, and was told ${JSON.stringify(outcome)}`;
  return undefined;
}

const behindTheLook: Stop = { function: "failed_conditions", when: "after" };
const close: Step = ({ query }) => stopAt(query, behindTheLook);

export const conditionMeetings: readonly Meeting[] = [
  {
    name: "an append on a condition, and one of what it rules out",
    promise: "L14",
    steps: [3, 3],
    prepare: (key, place) => ({
      actors: [
        [begin, takeFreeSeat(key), commit],
        [begin, takeSeat(key), commit],
      ],
      judge: ([mine]) => demanded(place, key, mine),
    }),
  },
  {
    name: "two appends on one condition, which rule each other out",
    promise: "L14",
    steps: [3, 3],
    prepare: (key) => ({
      actors: [
        [begin, takeFreeSeat(key, "a"), commit],
        [begin, takeFreeSeat(key, "b"), commit],
      ],
      judge(outcomes) {
        const winners = outcomes.filter((steps) => steps.every((outcome) => outcome === "ok")).length;
        const losers = outcomes.filter((steps) => steps.includes("CONDITION_FAILED")).length;
        return winners === 1 && losers === 1 ? undefined : `${winners} have the seat and ${losers} were told that they have not: ${JSON.stringify(outcomes)}`;
      },
    }),
  },
  {
    name: "a decision on what it has read, and an append that was open meanwhile",
    promise: "L14",
    steps: [2, 3],
    prepare(key, place) {
      const { condition, streamId } = demand(key);
      let read: Awaited<ReturnType<EventStore["readBoundary"]>> | undefined;
      return {
        actors: [
          [beginWith(takeSeat(key)), commit],
          [
            ({ own }) => own.append([seat(key)], { streamId: `${key}-others` }),
            async ({ own }) => (read = await own.readBoundary(condition.query)),
            ({ own }) => own.append([seat(key)], { streamId, condition: { ...condition, ...(read && { after: read.boundary }) } }),
          ],
        ],
        async judge() {
          const events = await eventsOf(place, key);
          const decided = events.find(({ stream }) => stream === streamId);
          const missed = events.find(({ position }) => position < (decided?.position ?? 0) && !read?.events.some((event) => event.position === position));
          return missed ? `the condition held at ${decided?.position}, and the decision had not seen the seat taken at ${missed.position}` : undefined;
        },
      };
    },
  },
  ...Object.entries(ways).map(([name, take]): Meeting => ({
    name: `${name} on a condition, stopped behind the look at it, and one of what it rules out`,
    promise: "L14",
    steps: [1, 1, 2],
    stops: [behindTheLook],
    prepare: (key, place) => ({
      actors: [[take(key)], [({ own }) => own.append([seat(key)], { streamId: `${key}-taken` })], [close, commit]],
      judge: ([mine]) => demanded(place, key, mine),
    }),
  })),
];
