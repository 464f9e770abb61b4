import { checkFunction, oneOf } from "../arguments/checks.ts";
import { checkCollectionName, checkEventType } from "../arguments/names.ts";
import { checkOptions, isRecord } from "../arguments/options.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { ReaderVersions } from "../catalogue/event-codec.ts";
import type { Event } from "../model/event.ts";
import type { NoOlderShapes } from "../model/reader-shapes.ts";
import { commonShape, eventsOf, identityOf, required } from "./check-definition.ts";
import { checkIndexes } from "../documents/collection-index.ts";
import { DefinedDocumentProjection, type DocumentWork } from "./defined-projection.ts";
import type { DocumentProjection, DocumentProjectionDefinition } from "./projection.ts";

type EvolveFunction = DocumentWork["evolve"];

const shape = {
  ...commonShape,
  collection: checkCollectionName,
  indexes: checkIndexes,
  deletes: oneOf("hard", "soft"),
  documentId: checkFunction<DocumentWork["documentId"]>,
  evolve: checkEvolve,
} as const;

/**
 * Defines documents that are made of events: which documents an event changes, and how. Pass it to `openEventStore`, and read the
 * documents with `store.documents(projection)`.
 *
 * `evolve` is synchronous and gets the stored document, or undefined. Its result is stored as JSON that comes back unchanged; null
 * deletes the document; undefined is an error. It may run again, on a copy, for an append that is sent again.
 *
 * Inline: documents change in the transaction of the append, locked against concurrent changes. An error of `documentId` or `evolve`
 * fails only that append, with `ProjectionFailedError`. Async: a worker changes them later, exactly once. An event that fails is
 * retried; then the projection stops until `store.projections.resume`.
 *
 * @throws {@link InvalidArgumentError} — a part of the definition is invalid.
 *
 * @example
 * ```ts
 * const totals = documentProjection<{ total: number }, CartEvent>({
 *   name: "totals",
 *   mode: "inline",
 *   collection: "totals",
 *   documentId: (event) => event.streamId,
 *   evolve: { ItemAdded: (document, event) => ({ total: (document?.total ?? 0) + event.data.price }) },
 * });
 * ```
 */
export function documentProjection<
  Document extends object,
  E extends Event = Event,
  const Type extends E["type"] = E["type"],
  const As extends ReaderVersions = NoOlderShapes,
>(definition: DocumentProjectionDefinition<Document, E, Type, As>): DocumentProjection<Document> {
  if (definition === undefined) throw new InvalidArgumentError("definition", "is missing");
  const checked = checkOptions(definition, shape, "definition");
  const identity = identityOf(checked);
  const collection = required(checked.collection, "collection", ": the name of the table that holds the documents");
  const { indexes = [], deletes = "hard" } = checked;
  const documentId = required(checked.documentId, "documentId", ": a function that says which document an event changes");
  const evolve = required(checked.evolve, "evolve", ": what an event makes of a document");
  if (typeof evolve === "function") {
    const handles = required(checked.handles, "handles", ": the types of events that evolve gets; or give evolve a function for each type");
    return new DefinedDocumentProjection(identity, eventsOf(checked, handles, identity.mode), {
      kind: "documents",
      collection,
      indexes,
      deletes,
      documentId,
      evolve,
    });
  }
  if (checked.handles) throw new InvalidArgumentError("definition.handles", "is not needed where evolve has a function for each type: its keys are the types");
  const work: DocumentWork = {
    kind: "documents",
    collection,
    indexes,
    deletes,
    documentId,
    evolve: (document, event, id) => evolve.get(event.type)?.(document, event, id),
  };
  return new DefinedDocumentProjection(identity, eventsOf(checked, [...evolve.keys()], identity.mode), work);
}

function checkEvolve(value: unknown, path: string): EvolveFunction | ReadonlyMap<string, EvolveFunction> {
  if (typeof value === "function") return checkFunction<EvolveFunction>(value, path);
  if (!isRecord(value))
    throw new InvalidArgumentError(path, `must be a function, or an object with a function for each type of event, not ${describeValue(value)}`);
  const byType = new Map<string, EvolveFunction>();
  for (const [type, evolve] of Object.entries(value)) {
    if (evolve !== undefined) byType.set(checkEventType(type, `${path}'s key`), checkFunction<EvolveFunction>(evolve, `${path}.${type}`));
  }
  if (byType.size === 0) throw new InvalidArgumentError(path, "has no function: give it one for each type of event that the projection handles");
  return byType;
}
