import { documentProjection, type DocumentProjection, type Projection, type RecordedEvent } from "tidemark";
import { types } from "../history/content.ts";
import { rebuiltBy } from "./rebuilt.ts";

/** What events come to, whatever their order among streams: how many, and the sum of their versions. */
interface Tally {
  readonly events: number;
  readonly versions: number;
}

/** A projection, and what it makes of a stored event, in SQL. */
export interface Tallied {
  readonly name: string;
  /** The id of the document; null for none. */
  readonly idOf: string;
  /** For how many it counts. */
  readonly countOf: string;
  readonly projection: DocumentProjection<Tally>;
}

/** An append of an event whose data has this key is refused as late as one can be: its event is written, and then its documents fail. */
export const unprojectable = "unprojectable";

type DocumentId = (event: RecordedEvent) => string | null;

function tallied(name: string, mode: "inline" | "async", idOf: string, documentId: DocumentId): Tallied {
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
  return { name, idOf, countOf: "1", projection };
}

/**
 * Counts what was added, a line or what was in a crate, which is lines to today's code: appends of either code write the same documents.
 * A projection may not handle other types under its version, so that today's keeps the retired name.
 */
function talliedShapes(name: string, mode: "inline" | "async"): Tallied {
  const projection = documentProjection<Tally>({
    name,
    mode,
    collection: name,
    handles: ["LineAdded", "CrateOpened"],
    filter: { categories: ["shape"] },
    documentId: ({ streamId }) => streamId,
    evolve(document, { version, data }) {
      const added = data !== null && typeof data === "object" && "skus" in data && Array.isArray(data.skus) ? data.skus.length : 1;
      return { events: (document?.events ?? 0) + added, versions: (document?.versions ?? 0) + added * version };
    },
  });
  const isCounted = "s.name like 'shape-%' and e.type in ('LineAdded', 'CrateOpened')";
  const countOf = "case e.type when 'CrateOpened' then jsonb_array_length(e.data -> 'skus') else 1 end";
  return { name, idOf: `case when ${isCounted} then s.name end`, countOf, projection };
}

/** Of races for new streams, so that those who create streams at once create documents at once. Users' own transactions have none. */
const raceOf = (streamId: string): string | null => (streamId.startsWith("race-") ? `races-${streamId.slice(-2)}` : null);
const raceSql = "case when s.name like 'race-%' then 'races-' || right(s.name, 2) end";

const plainSql = `case when e.type in (${types.map((type) => `'${type}'`).join(", ")}) then s.name end`;

/** One document a stream, one that streams share, and one a stream of shapes; each inline and async. */
export const tallies: readonly Tallied[] = [
  tallied("inline by stream", "inline", plainSql, ({ streamId }) => streamId),
  tallied("inline by race", "inline", raceSql, ({ streamId }) => raceOf(streamId)),
  tallied("async by stream", "async", plainSql, ({ streamId }) => streamId),
  tallied("async by race", "async", raceSql, ({ streamId }) => raceOf(streamId)),
  talliedShapes("inline by shape", "inline"),
  talliedShapes("async by shape", "async"),
];

/**
 * What a store knows whose code has these versions of the rebuilt projections. All stores of a run know the others: one that is opened without an
 * inline projection leaves it behind, and nothing refuses what that one cannot take.
 */
export function projectionsKnownBy(newest: number): readonly Projection[] {
  return [...tallies.map(({ projection }) => projection), ...rebuiltBy(newest)];
}
