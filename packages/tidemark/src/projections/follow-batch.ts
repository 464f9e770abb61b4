import { sendInTurn } from "../database/calls.ts";
import type { Session } from "../database/database.ts";
import type { RecordedEvent } from "../model/event.ts";
import { CollectionTable } from "../documents/collection-table.ts";
import { DefinedDocumentProjection, type DefinedProjection } from "./defined-projection.ts";
import { documentIdsOf, DocumentSet, failedAt } from "./document-set.ts";
import type { ProjectionTransaction } from "./projection.ts";

/**
 * Applies events to a projection in an open transaction, in the order given. `tx` is the store in that transaction. `check` is called
 * before each event, and ends it all by throwing.
 */
export type ApplyEvents = (
  events: readonly RecordedEvent[],
  session: Session,
  tx: (tenant: string) => ProjectionTransaction,
  check?: () => void,
) => Promise<void>;

/**
 * What a follower does with a batch: the only writer of its projection, so that nothing needs a lock. Documents are loaded in
 * one statement, evolved in memory and written in one.
 */
export function followBatch(projection: DefinedProjection, schema: string): ApplyEvents {
  if (projection instanceof DefinedDocumentProjection) return followDocuments(projection, schema);
  const { work } = projection;
  if (work.kind !== "handler") throw new TypeError("documents are of a DefinedDocumentProjection");
  return async (events, _session, tx, check) => {
    for (const group of byTenant(events, work.inBatches)) {
      const [first] = group;
      if (!first) continue;
      check?.();
      try {
        await work.handle(group, tx(first.tenant));
      } catch (error) {
        throw failedAt(projection, first, error);
      }
    }
  };
}

function followDocuments(projection: DefinedDocumentProjection, schema: string): ApplyEvents {
  const table = new CollectionTable(schema, projection);
  return async (events, session, _tx, check) => {
    const touched = events.map((event) => ({ event, ids: documentIdsOf(projection, event) }));
    const keys = touched.flatMap(({ event: { tenant }, ids }) => ids.map((id) => ({ tenant, id })));
    if (keys.length === 0) return;
    const documents = new DocumentSet(projection, await table.load(session, keys));
    for (const { event, ids } of touched) {
      check?.();
      documents.evolve(event, ids);
    }
    await sendInTurn(session, documents.writesTo(table));
  };
}

/** Runs of events of one tenant; one event each where the handler takes no more. */
export function* byTenant(events: readonly RecordedEvent[], inBatches: boolean): Iterable<readonly RecordedEvent[]> {
  let from = 0;
  for (let at = 1; at <= events.length; at++) {
    if (at < events.length && inBatches && events[at]?.tenant === events[from]?.tenant) continue;
    yield events.slice(from, at);
    from = at;
  }
}
