import { type Check, listOf, oneOf, wholeNumber } from "../arguments/checks.ts";
import { checkEventType, checkProjectionName } from "../arguments/names.ts";
import { checkReaderVersions } from "../arguments/reader-versions.ts";
import { checkStartFrom } from "../arguments/start-from.ts";
import type { EventCatalogue } from "../model/event-catalogue.ts";
import { checkDefinitionEvents, checkDefinitionTypes } from "../catalogue/definition-events.ts";
import type { ReaderVersions } from "../catalogue/event-codec.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { EventQuery, EventQueryItem } from "../model/event.ts";
import { checkFilter, checkQuery } from "../read/filter.ts";
import type { ProjectedEvents, ProjectionIdentity } from "./defined-projection.ts";

/** What every definition holds. */
export const commonShape: {
  readonly name: Check<string>;
  readonly version: Check<number>;
  readonly mode: Check<"inline" | "async">;
  readonly tenants: Check<"own" | "all">;
  readonly filter: Check<EventQuery>;
  readonly handles: Check<readonly string[]>;
  readonly as: Check<ReaderVersions>;
  readonly events: Check<EventCatalogue>;
  readonly startFrom: Check<number | "end">;
  readonly rebuild: Check<"auto" | "manual">;
} = {
  name: checkProjectionName,
  version: wholeNumber(1, 2_147_483_647),
  mode: oneOf("inline", "async"),
  tenants: oneOf("own", "all"),
  filter: checkQuery,
  handles: listOf(checkEventType, "name the types of events that it handles"),
  as: checkReaderVersions,
  events: checkDefinitionEvents,
  startFrom: checkStartFrom,
  rebuild: oneOf("auto", "manual"),
};

interface Common {
  readonly name?: string;
  readonly version?: number;
  readonly mode?: "inline" | "async";
  readonly tenants?: "own" | "all";
  readonly startFrom?: number | "end";
  readonly rebuild?: "auto" | "manual";
}

/** Name, version, mode, tenants, start and how it takes over, with the defaults. */
export function identityOf({ name, version = 1, mode, tenants, startFrom, rebuild = "auto" }: Common): ProjectionIdentity {
  const given = required(name, "name", "");
  const checkedMode = required(mode, "mode", '; say "inline", in the transaction of the append, or "async", later by a worker');
  if (checkedMode === "inline" && tenants === "own")
    throw new InvalidArgumentError(
      "definition.tenants",
      `of the inline projection ${JSON.stringify(given)} can only be "all": it gets the events of every append`,
    );
  if (checkedMode === "inline" && startFrom !== undefined)
    throw new InvalidArgumentError(
      "definition.startFrom",
      `does not fit the inline projection ${JSON.stringify(given)}, which begins at the beginning: leave it out, or use mode "async"`,
    );
  const startAfter = startFrom === "end" ? undefined : (startFrom ?? 0);
  return { name: given, version, mode: checkedMode, tenants: tenants ?? (checkedMode === "inline" ? "all" : "own"), startAfter, rebuild };
}

export function required<T>(value: T | undefined, option: string, hint: string): T {
  if (value === undefined) throw new InvalidArgumentError(`definition.${option}`, `is missing${hint}`);
  return value;
}

/** The events of a filter that have one of these types. */
export function eventsOf(
  { filter, as, events }: { readonly filter?: EventQuery; readonly as?: ReaderVersions; readonly events?: EventCatalogue },
  handles: readonly string[],
  mode: "inline" | "async",
): ProjectedEvents {
  checkDefinitionTypes(events, handles, "definition");
  const items = filter === undefined ? [{}] : isList(filter) ? filter : [filter];
  if (mode === "inline" && items.some(({ since }) => since !== undefined))
    throw new InvalidArgumentError("definition.filter.since", 'does not fit an inline projection: it is asked before the event has its time. Use mode "async"');
  const narrowed = items
    .map((item): EventQueryItem => ({ ...item, types: item.types ? handles.filter((type) => item.types?.includes(type)) : handles }))
    .filter(({ types }) => types?.length !== 0);
  if (narrowed.length === 0) throw new InvalidArgumentError("definition.filter", "lets no event through that the projection handles: its types are others");
  return { query: narrowed, items: checkFilter(narrowed, "definition.filter"), as, catalogue: events };
}

/** `Array.isArray` makes `any[]` of what may be a readonly array. */
function isList(filter: EventQuery): filter is readonly EventQueryItem[] {
  return Array.isArray(filter);
}
