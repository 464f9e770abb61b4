import type { EventCodec, EventDecoder } from "../catalogue/event-codec.ts";
import type { TextRow } from "../database/database.ts";
import { rowFilter, SharedRow } from "../feed/row-filter.ts";
import { decoderOf, DefinedDocumentProjection, type DefinedProjection, type HandlerWork } from "./defined-projection.ts";
import { InlineDocuments } from "./inline-documents.ts";

/** An inline projection, as the appends of this process write it. */
export type InlineTarget = DocumentTarget | HandlerTarget;

/** One that appends write. */
export interface LiveProjection {
  readonly projection: DefinedProjection;
  readonly serving: boolean;
}

export interface DocumentTarget {
  readonly projection: DefinedDocumentProjection;
  readonly documents: InlineDocuments;
  readonly matches: (row: TextRow) => boolean;
  /** What a row that matches is to the projection. Undefined: itself. */
  readonly decode: EventDecoder["decode"];
}

export interface HandlerTarget {
  readonly projection: DefinedProjection;
  readonly documents?: undefined;
  readonly work: HandlerWork;
  /** Another version serves. */
  readonly replaying: boolean;
  readonly matches: (row: TextRow) => boolean;
  readonly decode: EventDecoder["decode"];
}

export function inlineTarget({ projection, serving }: LiveProjection, schema: string, codec: EventCodec): InlineTarget {
  const { filter, decode } = decoderOf(projection, codec);
  const wanted = rowFilter({ tenant: undefined, filter, shard: undefined });
  const matches = (row: TextRow): boolean => wanted(new SharedRow(row));
  if (projection instanceof DefinedDocumentProjection) return { projection, documents: new InlineDocuments(schema, projection), matches, decode };
  const { work } = projection;
  if (work.kind !== "handler") throw new TypeError("documents are of a DefinedDocumentProjection");
  return { projection, work, replaying: !serving, matches, decode };
}
