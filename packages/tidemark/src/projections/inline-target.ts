import type { TextRow } from "../database/database.ts";
import { rowFilter, SharedRow } from "../feed/row-filter.ts";
import { DefinedDocumentProjection, type DefinedProjection, type HandlerWork } from "./defined-projection.ts";
import { InlineDocuments } from "./inline-documents.ts";

/** An inline projection, as the appends of this process write it. */
export type InlineTarget = DocumentTarget | HandlerTarget;

export interface DocumentTarget {
  readonly projection: DefinedDocumentProjection;
  readonly documents: InlineDocuments;
  readonly matches: (row: TextRow) => boolean;
}

export interface HandlerTarget {
  readonly projection: DefinedProjection;
  readonly documents?: undefined;
  readonly work: HandlerWork;
  readonly matches: (row: TextRow) => boolean;
}

export function inlineTarget(projection: DefinedProjection, schema: string): InlineTarget {
  const wanted = rowFilter({ tenant: undefined, filter: projection.events.items, shard: undefined });
  const matches = (row: TextRow): boolean => wanted(new SharedRow(row));
  if (projection instanceof DefinedDocumentProjection) return { projection, documents: new InlineDocuments(schema, projection), matches };
  const { work } = projection;
  if (work.kind !== "handler") throw new TypeError("documents are of a DefinedDocumentProjection");
  return { projection, work, matches };
}
