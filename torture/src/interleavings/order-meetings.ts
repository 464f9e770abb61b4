import { allWell, append, appendAll, beginWith, commit, dense } from "./append-meetings.ts";
import type { Meeting } from "./meeting.ts";
import type { Step } from "./session.ts";
import { type Stop, stopAt } from "./stops.ts";

const beforeTheLock: Stop = { function: "find_streams", when: "before" };

export const orderMeetings: readonly Meeting[] = [
  {
    name: "two appends to the same streams, given in opposite orders, behind one to the second of them",
    promise: "L6",
    steps: [2, 2, 2],
    async prepare(key, place) {
      const [one, two] = [
        { stream: `${key}-1`, events: 1 },
        { stream: `${key}-2`, events: 1 },
      ];
      // Streams that are there are waited for row by row.
      await place.query(`insert into ${place.schema}.streams (tenant, name) values ('', $1), ('', $2)`, [one.stream, two.stream]);
      return {
        actors: [
          [beginWith(append(two.stream)), commit],
          [beginWith(appendAll(one, two)), commit],
          [beginWith(appendAll(two, one)), commit],
        ],
        judge: async (outcomes) => allWell(outcomes) ?? (await dense(place, key, 5)),
      };
    },
  },
  {
    name: "two appends in a batch, stopped before they lock their streams, and one to the first of them",
    promise: "L1",
    steps: [1, 1, 2],
    stops: [beforeTheLock],
    prepare: (key, place) => {
      const happened = [{ type: "Happened", data: {} }];
      const close: Step = ({ query }) => stopAt(query, beforeTheLock);
      return {
        actors: [
          [({ own }) => Promise.all([own.appendToStream(`${key}-1`, happened), own.appendToStream(`${key}-2`, happened)])],
          [({ own }) => own.appendToStream(`${key}-1`, happened)],
          [close, commit],
        ],
        judge: async (outcomes) => allWell(outcomes) ?? (await dense(place, key, 3)),
      };
    },
  },
];
