import type { Event } from "./event.ts";

/**
 * The event types of an application, made by `defineEvents`. `Events` are as you read them, `Input` as you may append them: they differ
 * where a schema transforms its input.
 *
 * @example
 * ```ts
 * export function countTypes(catalogue: EventCatalogue): number {
 *   return catalogue.types.length;
 * }
 * ```
 */
export interface EventCatalogue<Events extends Event = Event, Input extends Event = Events> {
  /** The types that may be appended, in the order of their definition. */
  readonly types: readonly string[];
  /** Only for the compiler; undefined at run time. */
  readonly "~types"?: { readonly events: Events; readonly input: Input } | undefined;
}

/**
 * The events of a catalogue as you read them.
 *
 * @example
 * ```ts
 * const events = defineEvents({ ItemAdded: event<{ sku: string }>() });
 * type ShopEvent = InferEvents<typeof events>; // Event<"ItemAdded", { sku: string }>
 * const added: ShopEvent = { type: "ItemAdded", data: { sku: "tea" } };
 * ```
 */
export type InferEvents<Catalogue extends EventCatalogue> = NonNullable<Catalogue["~types"]>["events"];

/**
 * The events of a catalogue as you may append them: what their schemas accept.
 *
 * @example
 * ```ts
 * const events = defineEvents({ ItemAdded: event<{ sku: string }>() });
 * const added: InferNewEvents<typeof events> = { type: "ItemAdded", data: { sku: "tea" } };
 * ```
 */
export type InferNewEvents<Catalogue extends EventCatalogue> = NonNullable<Catalogue["~types"]>["input"];
