import { checkDefinitionTypes } from "../catalogue/definition-events.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { EventCatalogue } from "../model/event-catalogue.ts";
import type { ValidBoundaryItem } from "../arguments/boundary-query.ts";
import type { SnapshotAccess } from "./snapshots/access.ts";

/** What the events of a decider are checked with. */
interface WithEvents {
  readonly events?: EventCatalogue;
}

/**
 * A decider with a catalogue expects events as that catalogue reads them, and the store's codec is what reads.
 *
 * @param access - Of the store. Undefined: a wrapper of the application's own, which says nothing of its codec.
 * @throws {@link InvalidArgumentError} — the store was opened without a catalogue.
 */
export function refuseOtherStore(access: Pick<SnapshotAccess, "keeper"> | undefined, { events }: WithEvents): void {
  if (!events || !access || access.keeper.codec.fingerprint !== "") return;
  throw new InvalidArgumentError(
    "decider.events",
    "is a catalogue, but this store was opened without one: its events would come as they are stored. Open it with openEventStore(url, { events })",
  );
}

/** @throws {@link InvalidArgumentError} — the query names a type that the decider's catalogue does not have: nothing would match it. */
export function checkQueryTypes({ events }: WithEvents, items: readonly ValidBoundaryItem[]): void {
  if (!events) return;
  for (const [index, { types = [] }] of items.entries()) checkDefinitionTypes(events, types, `decider.query[${index}].types`);
}
