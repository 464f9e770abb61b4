import { documentProjection, type DocumentProjection, type RecordedEvent } from "tidemark";
import { types } from "../history/content.ts";

/** What events come to, whatever their order among streams: how many, and the sum of their versions. */
interface Tally {
  readonly events: number;
  readonly versions: number;
}

/** A projection, and what it makes of an event's stream, in SQL: the id of the document; null for none. */
export interface Tallied {
  readonly name: string;
  readonly idOf: string;
  readonly projection: DocumentProjection<Tally>;
}

/** An append of an event whose data has this key is refused as late as one can be: its event is written, and then its documents fail. */
export const unprojectable = "unprojectable";

function tallied(name: string, mode: "inline" | "async", idOf: string, documentId: (event: RecordedEvent) => string | null): Tallied {
  const projection = documentProjection<Tally>({
    name,
    mode,
    collection: name,
    handles: types,
    documentId,
    evolve(document, { version, data }) {
      if (data !== null && typeof data === "object" && unprojectable in data) throw new Error("This event cannot be projected.");
      return { events: (document?.events ?? 0) + 1, versions: (document?.versions ?? 0) + version };
    },
  });
  return { name, idOf, projection };
}

/** Of races for new streams, so that those who create streams at once create documents at once. Users' own transactions have none. */
const raceOf = (streamId: string): string | null => (streamId.startsWith("race-") ? `races-${streamId.slice(-2)}` : null);
const raceSql = "case when s.name like 'race-%' then 'races-' || right(s.name, 2) end";

/** One document a stream, and one that streams share; each inline and async. */
export const tallies: readonly Tallied[] = [
  tallied("inline by stream", "inline", "s.name", ({ streamId }) => streamId),
  tallied("inline by race", "inline", raceSql, ({ streamId }) => raceOf(streamId)),
  tallied("async by stream", "async", "s.name", ({ streamId }) => streamId),
  tallied("async by race", "async", raceSql, ({ streamId }) => raceOf(streamId)),
];
