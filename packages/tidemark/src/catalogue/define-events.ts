import type { Event } from "../model/event.ts";
import type { EventCatalogue } from "../model/event-catalogue.ts";
import { checkDefinitions } from "./check-definitions.ts";
import { DefinedEvents } from "./defined-events.ts";
import type { EventDefinition } from "./definition.ts";
import type { RetiredEvent } from "./retired.ts";
import type { SchemaInput, SchemaOutput, StandardSchema } from "./standard-schema.ts";

/** The schema of each type; for a retired one, what it becomes. The compiler infers it. */
export type SchemasByType = Readonly<Record<string, StandardSchema | RetiredEvent>>;

/** The definitions to these schemas: for each type the schema alone, or more about it. */
export type EventDefinitions<Schemas extends SchemasByType> = {
  readonly [Type in keyof Schemas]: Schemas[Type] | EventDefinition<Schemas[Type]>;
};

/** The events to these schemas, as they are read. */
export type EventsOf<Schemas extends SchemasByType> = {
  [Type in keyof Schemas & string]: Schemas[Type] extends StandardSchema ? Event<Type, SchemaOutput<Schemas[Type]>> : never;
}[keyof Schemas & string];

/** The events to these schemas, as they may be appended. */
export type NewEventsOf<Schemas extends SchemasByType> = {
  [Type in keyof Schemas & string]: Schemas[Type] extends StandardSchema ? Event<Type, SchemaInput<Schemas[Type]>> : never;
}[keyof Schemas & string];

/**
 * Defines the event types of an application: for each type a schema (zod, valibot, arktype or any other Standard Schema; `event<Data>()`
 * checks nothing), a definition with versions, or `retired(…)`. Give the catalogue to `openEventStore`, which then checks what you append
 * and brings old events up to date wherever you read them.
 *
 * Everything about the definitions that can be wrong is refused here, not when the first old event is read. Asynchronous schemas are the
 * exception: their examples are not tried here, but by `store.checkEvents` and `tidemark events check`.
 *
 * @throws {@link InvalidArgumentError} — a definition is wrong: a chain of versions has a hole or a circle, an example does not fit, …
 *
 * @example
 * ```ts
 * const events = defineEvents({
 *   ItemAdded: event<{ sku: string; quantity: number }>(),
 *   CartConfirmed: {
 *     schema: event<{ at: Date; channel: string }>(),
 *     version: 2,
 *     upcast: { 1: ({ data }) => ({ ...data, channel: "web" }) },
 *     stored: { at: asDate },
 *   },
 *   CartOpened: retired(() => []),
 * });
 * console.log(events.types); // => [ 'ItemAdded', 'CartConfirmed' ]
 * ```
 */
export function defineEvents<const Schemas extends SchemasByType>(
  definitions: EventDefinitions<Schemas>,
): EventCatalogue<EventsOf<Schemas>, NewEventsOf<Schemas>> {
  return new DefinedEvents(checkDefinitions(definitions));
}
