import pg from "pg";
import { type DocumentProjection, documentProjection, type RecordedEvent } from "tidemark";
import { begin, commit } from "./append-meetings.ts";
import type { Meeting, Place } from "./meeting.ts";
import type { Step } from "./session.ts";

interface Count {
  readonly events: number;
}

/** Written by appends; of all streams of an order, one document. */
export const countingProjection: DocumentProjection<Count> = documentProjection<Count>({
  name: "counted",
  mode: "inline",
  collection: "counted",
  handles: ["Counted"],
  documentId: ({ category }: RecordedEvent) => category,
  evolve: (document) => ({ events: (document?.events ?? 0) + 1 }),
});

export const count =
  (stream: string): Step =>
  ({ tx }) =>
    tx().appendToStream(stream, [{ type: "Counted", data: {} }]);

/** The document of an order counts both its events. */
export async function countedTwice({ schema, query }: Place, key: string, outcomes: readonly (readonly string[])[]): Promise<string | undefined> {
  const failed = outcomes.flat().find((outcome) => outcome !== "ok");
  if (failed !== undefined) return `a step ended with ${failed}`;
  const [row] = await query(`select data ->> 'events' as events from ${schema}.${pg.escapeIdentifier("counted__v1")} where _id = $1`, [key]);
  return row?.["events"] === "2" ? undefined : `the document counts ${JSON.stringify(row?.["events"])} events, and there are 2`;
}

export const documentMeetings: readonly Meeting[] = [
  {
    name: "two appends to different streams that create the same document",
    promise: "S8",
    steps: [3, 3],
    prepare: (key, place) => ({
      actors: [
        [begin, count(`${key}-1`), commit],
        [begin, count(`${key}-2`), commit],
      ],
      judge: (outcomes) => countedTwice(place, key, outcomes),
    }),
  },
];
