import type { Event, EventOf, EventQuery, EventQueryItem } from "./event.ts";

/**
 * The events of a union that a query by types can find: those of its types; all where an alternative names none.
 *
 * @example
 * ```ts
 * const found: RecordedEvent<MatchingEvents<CartEvent, { types: ["ItemAdded"] }>>[] = await store
 *   .readAll<CartEvent, { types: ["ItemAdded"] }>({ filter: { types: ["ItemAdded"] } })
 *   .toArray();
 * ```
 */
export type MatchingEvents<Events extends Event, Query> = Query extends readonly []
  ? Events
  : Query extends readonly (infer Item)[]
    ? OfItem<Events, Item>
    : OfItem<Events, Query>;

type OfItem<Events extends Event, Item> = Item extends { readonly types: readonly (infer Type extends Events["type"])[] } ? EventOf<Events, Type> : Events;

/**
 * A query as it was written, so that its types are known. A key that queries do not have is an error, as it is without inference.
 *
 * @example
 * ```ts
 * const query: WrittenQuery<[{ types: ["SeatTaken"] }]> = [{ types: ["SeatTaken"] }];
 * await store.readBoundary(query);
 * ```
 */
export type WrittenQuery<Query> = Query & Refused<NoInfer<Query>>;

type Refused<Query> = Query extends readonly unknown[] ? { readonly [Index in keyof Query]: NoOtherKeys<Query[Index]> } : NoOtherKeys<Query>;

/** Not `{}` where nothing is refused: an intersection with that takes any array for an alternative, whatever is in it. */
type NoOtherKeys<Item> = [Exclude<keyof Item, keyof EventQueryItem>] extends [never]
  ? unknown
  : { readonly [Key in Exclude<keyof Item, keyof EventQueryItem>]: never };

// Two fields of one name: of an intersection within one the compiler would infer one part of a union, and refuse the other.
/**
 * Options with a filter as it was written.
 *
 * @example
 * ```ts
 * const options: Filtered<ReadAllOptions, { types: ["ItemAdded"] }> = { filter: { types: ["ItemAdded"] } };
 * await store.readAll(options).toArray();
 * ```
 */
export type Filtered<Options extends { readonly filter?: EventQuery }, Query> = Omit<Options, "filter"> & { readonly filter?: Query } & {
  readonly filter?: Refused<NoInfer<Query>>;
};
