import { checkFunction } from "../arguments/checks.ts";
import { checkOptions } from "../arguments/options.ts";
import type { Projection } from "../arguments/projection.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { ReaderVersions } from "../catalogue/event-codec.ts";
import type { Event, RecordedEvent } from "../model/event.ts";
import type { NoOlderShapes } from "../model/reader-shapes.ts";
import type { StoreTransaction } from "../transaction/event-reader-writer.ts";
import { commonShape, eventsOf, identityOf, required } from "./check-definition.ts";
import { DefinedProjection, type HandlerWork } from "./defined-projection.ts";
import type { ProjectionDefinition, ProjectionTransaction } from "./projection.ts";

const shape = {
  ...commonShape,
  setup: checkFunction<(tx: StoreTransaction) => Promise<void>>,
  teardown: checkFunction<(tx: StoreTransaction) => Promise<void>>,
  swap: checkFunction<(tx: StoreTransaction) => Promise<void>>,
  handle: checkFunction<(event: RecordedEvent, tx: ProjectionTransaction) => Promise<void> | void>,
  handleBatch: checkFunction<HandlerWork["handle"]>,
} as const;

/**
 * Defines a read model that you write yourself, with SQL or your ORM (`tx.client`), per event or per batch. What the handler writes
 * through `tx` commits with its events (inline) or with the checkpoint (async): exactly once.
 *
 * Inline handlers run inside appends, so keep them short. They may not append. An error of one fails only its append, with
 * `ProjectionFailedError`.
 *
 * @throws {@link InvalidArgumentError} — a part of the definition is invalid.
 *
 * @example
 * ```ts
 * const revenue = defineProjection<CartEvent, "ItemAdded">({
 *   name: "revenue",
 *   mode: "async",
 *   handles: ["ItemAdded"],
 *   setup: async (tx) => void (await tx.query("create table if not exists revenue (total numeric)")),
 *   handle: async (event, tx) => void (await tx.query("insert into revenue values ($1)", [event.data.price])),
 * });
 * ```
 */
export function defineProjection<E extends Event = Event, const Type extends E["type"] = E["type"], const As extends ReaderVersions = NoOlderShapes>(
  definition: ProjectionDefinition<E, Type, As>,
): Projection {
  if (definition === undefined) throw new InvalidArgumentError("definition", "is missing");
  const checked = checkOptions(definition, shape, "definition");
  const identity = identityOf(checked);
  const { handle, handleBatch } = checked;
  const handles = required(checked.handles, "handles", ": the types of events that the handler gets");
  if ((handle === undefined) === (handleBatch === undefined))
    throw new InvalidArgumentError("definition", `of ${JSON.stringify(identity.name)} needs one of handle and handleBatch${handle ? ", not both" : ""}`);
  const work: HandlerWork = {
    kind: "handler",
    handle: handleBatch ? (events, tx) => handleBatch(events, tx) : eachOf(handle ?? (() => {})),
    inBatches: handleBatch !== undefined,
    setup: checked.setup,
    teardown: checked.teardown,
    swap: checked.swap,
  };
  return Object.freeze(new DefinedProjection(identity, eventsOf(checked, handles, identity.mode), work));
}

function eachOf(handle: (event: RecordedEvent, tx: ProjectionTransaction) => Promise<void> | void): HandlerWork["handle"] {
  return ([event], tx) => (event === undefined ? undefined : handle(event, tx));
}
