import { encodeJson } from "../arguments/json.ts";
import { checkStreamId } from "../arguments/names.ts";
import { isRecord } from "../arguments/options.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { NewEvent, RecordedEvent } from "../model/event.ts";
import { rowFilter, SharedRow } from "../feed/row-filter.ts";
import { decoderOf, DefinedDocumentProjection, DefinedProjection } from "../projections/defined-projection.ts";
import { documentIdsOf, DocumentSet, refuseOtherIds } from "../projections/document-set.ts";
import { decodeDocument } from "../documents/encode-document.ts";
import type { DocumentProjection } from "../projections/projection.ts";
import { UnwrittenEvent } from "../projections/unwritten-event.ts";
import { assertSame } from "./assert-same.ts";
import { GivenLog, streamOf } from "./given-log.ts";
import { type ScenarioEvents, scenarioEvents, type ScenarioOptions } from "./scenario-events.ts";
import { after, asGiven, type StoredNewEvent, type VersionedEvent } from "./stored-events.ts";

/**
 * An event of a scenario; without `streamId` it goes where `append` would put it. With `schemaVersion` it is as it was stored.
 *
 * @example
 * ```ts
 * const event: ProjectedEvent = { streamId: "cart-1", type: "ItemAdded", data: { sku: "tea", quantity: 1, price: 3 } };
 * ```
 */
export type ProjectedEvent = (NewEvent | VersionedEvent) & { readonly streamId?: string };

/**
 * A test of a document projection.
 *
 * @example
 * ```ts
 * const summaries: ProjectionScenario<CartSummary> = scenario(cartSummary);
 * await summaries.given([{ ...itemAdded, streamId: "cart-1" }]).then({ "cart-1": { items: 1, total: 3, confirmed: false } });
 * ```
 */
export interface ProjectionScenario<Document extends object> {
  /** The events, in the order of the log. Those that the projection does not handle are passed over, as in a store. */
  given(events: readonly ProjectedEvent[]): ProjectionHistory<Document>;
}

/**
 * The events that a projection gets.
 *
 * @example
 * ```ts
 * const history: ProjectionHistory<CartSummary> = scenario(cartSummary).given([]);
 * await history.then({});
 * ```
 */
export interface ProjectionHistory<Document extends object> {
  /** All documents there are then, by their ids: one that is not named, or undefined, must not be there. */
  then(documents: Readonly<Record<string, Document | undefined>>): Promise<void>;
}

/** @throws {@link InvalidArgumentError} — a projection of SQL: only a database can tell what it writes. */
export function projectionScenario<Document extends object>(
  projection: DocumentProjection<Document>,
  options: ScenarioOptions | undefined,
): ProjectionScenario<Document> {
  if (!(projection instanceof DefinedDocumentProjection)) {
    throw new InvalidArgumentError(
      "projection",
      `must be what documentProjection returns, not ${describeValue(projection)}; test one of your own SQL with openTestStore({ projections })`,
    );
  }
  const shapes = scenarioEvents(options, projection.events.catalogue);
  return {
    given(events) {
      const given = after(asGiven(events, "given", shapes), logOf);
      const compare = async (documents: Readonly<Record<string, Document | undefined>>, assertion: (...args: never[]) => unknown): Promise<void> => {
        if (!isRecord(documents)) throw new InvalidArgumentError("then", `must be an object of documents by their ids, not ${describeValue(documents)}`);
        const expected = Object.entries(documents)
          .filter(([, document]) => document !== undefined)
          .map(([id, document]): [string, unknown] => [id, JSON.parse(encodeJson(document, `then.${id}`))]);
        assertSame(documentsOf(projection, await given, shapes), Object.fromEntries(byId(expected)), "The documents are others than expected.", assertion);
      };
      return {
        // oxlint-disable-next-line unicorn/no-thenable -- given, then; it takes documents, and is awaited itself
        then(documents) {
          // At once, and not in a promise: `await` hears of nothing else.
          if (typeof documents === "function")
            throw new InvalidArgumentError(
              "scenario",
              "was awaited before it was told what to expect: write .then({ id: document }), or .then({}) for no document",
            );
          return compare(documents, this.then);
        },
      };
    },
  };
}

export function isProjection(value: object): value is DocumentProjection<object> {
  return value instanceof DefinedProjection;
}

function logOf(events: readonly StoredNewEvent[]): GivenLog {
  const log = new GivenLog();
  for (const event of events) log.add(event, checkStreamId(streamOf(event), "given.streamId"));
  return log;
}

function documentsOf(projection: DefinedDocumentProjection, log: GivenLog, { codec }: ScenarioEvents): Readonly<Record<string, object>> {
  const decoder = decoderOf(projection, codec);
  const matches = rowFilter({ tenant: undefined, filter: decoder.filter, shard: undefined });
  const documents = new DocumentSet(projection, []);
  for (const event of log.read(decoder, (stored) => matches(rowOf(stored)))) documents.evolve(event, idsOf(projection, event));
  return Object.fromEntries(byId(documents.writes().map(({ id, data }): [string, object] => [id, decodeDocument(data ?? "{}")])));
}

/** As in a store: an inline projection is asked before the event is written. */
function idsOf(projection: DefinedDocumentProjection, event: RecordedEvent): readonly string[] {
  if (projection.mode === "async") return documentIdsOf(projection, event);
  const unwritten = new UnwrittenEvent(event);
  const ids = documentIdsOf(projection, unwritten);
  if (unwritten.asked !== undefined) refuseOtherIds(projection, event, { asked: unwritten.asked, ids });
  return ids;
}

/** What a filter looks at. */
export function rowOf({ type, streamId, tenant, tags, data, recordedAt, schemaVersion }: RecordedEvent): SharedRow {
  const texts = { tags: tags.join("\u001f"), data: JSON.stringify(data), recorded_at: String(recordedAt.getTime()) };
  return new SharedRow({ type, tenant, stream_name: streamId, ...texts, schema_version: String(schemaVersion), position: "0", stream_number: "0" });
}

function byId<T>(entries: readonly (readonly [string, T])[]): (readonly [string, T])[] {
  return entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
}
