import { isTidemarkError } from "../errors/errors.ts";
import { ProjectionFailedError } from "../errors/projections.ts";
import type { RecordedEvent } from "../model/event.ts";
import { serverAnswer } from "../database/sql-state.ts";
import { tableName } from "../documents/collection.ts";
import { indexName } from "../documents/collection-index.ts";
import { documentKey } from "../documents/document-key.ts";
import { valueAt, writePath } from "../documents/document-path.ts";
import type { DefinedDocumentProjection } from "./defined-projection.ts";

/** A document that was to be written, and the last event that changed it. */
export interface ChangedDocument {
  readonly tenant: string;
  readonly id: string;
  readonly document: object;
  readonly event: RecordedEvent;
}

/**
 * Of a write that PostgreSQL refused because of a unique index: which projection, document and path it is about, blamed on the last event
 * that changed the document. Any other error as it is.
 */
export function writeFailure(projection: DefinedDocumentProjection, changed: readonly ChangedDocument[], error: unknown): unknown {
  if (!isTidemarkError(error, "DATABASE") || error.sqlState !== "23505") return error;
  const unique = projection.indexes.filter((one) => one.unique);
  const index = unique.find((one) => indexName(tableName(projection), one, projection.deletes) === error.constraint);
  // Some drivers do not tell the constraint.
  if (!index && (error.constraint !== undefined || unique.length === 0)) return error;
  const detail = serverAnswer(error)?.detail;
  const rising = changed.toSorted((a, b) => a.event.position - b.event.position);
  const culprit = rising.findLast(({ tenant, document }) => index && detail?.includes(`=(${[tenant, ...keysOf(document, index.paths)].join(", ")}, `));
  const last = culprit ?? rising.at(-1);
  if (!last) return error;
  const path = index?.paths.map(writePath).join(", ");
  const which = culprit ?? (changed.length === 1 ? last : undefined);
  const problem = `${which ? `the document ${JSON.stringify(which.id)}` : "a document"} would have the same ${path ?? "value at a unique path"} as another one of the collection ${JSON.stringify(projection.collection)}, whose index is unique`;
  return new ProjectionFailedError(projection.name, last.event, problem, { cause: error, documentId: which?.id, path });
}

function keysOf(document: object, paths: readonly (readonly string[])[]): string[] {
  return paths.map((steps) => documentKey(valueAt(document, steps)));
}
