import { setTimeout as delay } from "node:timers/promises";
import { beginWith, commit } from "./append-meetings.ts";
import { count, countedTwice, countingProjection } from "./document-meetings.ts";
import type { Meeting, Place } from "./meeting.ts";
import type { Step } from "./session.ts";
import { type Stop, stopAt, untilStopped } from "./stops.ts";

const mostMs = 30_000;

/** The follower has read the log, and is about to keep appends out while it goes live. */
const beforeTheGate: Stop = { function: "gate_is_idle", when: "after" };

/** Appends of programs that do not know the projection leave it behind; its follower brings it up to date. */
async function untilLive(place: Place): Promise<string | undefined> {
  const deadline = performance.now() + mostMs;
  const state = async (): Promise<unknown> =>
    (await place.query(`select state from ${place.schema}.projections where name = $1`, [countingProjection.name]))[0]?.["state"];
  while ((await state()) !== "live") {
    if (performance.now() > deadline) return `the projection was not live again after ${mostMs} ms`;
    await delay(10);
  }
  return undefined;
}

export const liveMeetings: readonly Meeting[] = [
  {
    name: "a projection that goes live, stopped before the gate, and an append",
    promise: "S8",
    steps: [2, 1],
    stops: [beforeTheGate],
    async prepare(key, place) {
      await untilLive(place);
      const leaveBehind: Step = async ({ query }) => {
        await stopAt(query, beforeTheGate);
        await place.stranger.appendToStream(`${key}-1`, [{ type: "Counted", data: {} }]);
        await untilStopped(place.query, beforeTheGate, mostMs);
      };
      const appendMeanwhile: Step = async (hands) => {
        await beginWith(count(`${key}-2`))(hands);
        await commit(hands);
      };
      return {
        actors: [[leaveBehind, commit], [appendMeanwhile]],
        judge: async (outcomes) => (await untilLive(place)) ?? (await countedTwice(place, key, outcomes)),
      };
    },
  },
];
