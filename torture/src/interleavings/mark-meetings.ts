import { append, begin, commit, eventsOf } from "./append-meetings.ts";
import type { Meeting, Place, Scene } from "./meeting.ts";
import type { Step } from "./session.ts";

interface Reading {
  mark: number;
  seen: number[];
}

/** Two readings of the mark, each followed by one of the rows below it. */
function reader({ schema }: Place, readings: Reading[]): Step[] {
  const readMark: Step = async ({ query }) => {
    const [row] = await query(`select mark from ${schema}.high_water_mark(0, null)`);
    readings.push({ mark: Number(row?.["mark"]), seen: [] });
  };
  const readRows: Step = async ({ query }) => {
    const reading = readings.at(-1);
    if (!reading) return;
    const rows = await query(`select position from ${schema}.events where position <= $1`, [reading.mark]);
    reading.seen = rows.map((row) => Number(row["position"]));
  };
  return [readMark, readRows, readMark, readRows];
}

async function complete(place: Place, readings: readonly Reading[]): Promise<string | undefined> {
  for (const { mark, seen } of readings) {
    const there = new Set(seen);
    const rows = await place.query(`select position from ${place.schema}.events where position <= $1`, [mark]);
    const lost = rows.map((row) => Number(row["position"])).filter((position) => !there.has(position));
    if (lost.length > 0) return `at mark ${mark} position ${lost.join(", ")} was not there yet`;
  }
  return undefined;
}

function beside(place: Place, key: string, writers: readonly (readonly Step[])[], events: number): Scene {
  const readings: Reading[] = [];
  return {
    actors: [...writers, reader(place, readings)],
    async judge(outcomes) {
      const failed = outcomes.flat().find((outcome) => outcome !== "ok");
      if (failed !== undefined) return `a step ended with ${failed}`;
      const found = (await eventsOf(place, key)).length;
      return found === events ? complete(place, readings) : `there are ${found} events, and ${events} were committed`;
    },
  };
}

const savepoint: Step = ({ query }) => query("savepoint s");
const rollbackTo: Step = ({ query }) => query("rollback to s");

export const markMeetings: readonly Meeting[] = [
  {
    name: "a transaction with a savepoint, and a reader of the mark",
    promise: "S1",
    steps: [6, 4],
    prepare: (key, place) => beside(place, key, [[begin, append(`${key}-1`), savepoint, append(`${key}-2`), rollbackTo, commit]], 1),
  },
  {
    name: "a transaction whose first append is undone, and a reader of the mark",
    promise: "S1",
    steps: [6, 4],
    prepare: (key, place) => beside(place, key, [[begin, savepoint, append(`${key}-1`), rollbackTo, append(`${key}-2`), commit]], 1),
  },
  {
    name: "two appends, and a reader of the mark",
    promise: "S1",
    steps: [3, 3, 4],
    long: true,
    prepare: (key, place) =>
      beside(
        place,
        key,
        [
          [begin, append(`${key}-1`), commit],
          [begin, append(`${key}-2`), commit],
        ],
        2,
      ),
  },
];
