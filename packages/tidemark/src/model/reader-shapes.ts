import type { Event } from "./event.ts";

declare const newest: unique symbol;

/**
 * What a definition without `as` asks for: nothing, so that it gets the newest shape of every type. It takes any `as`, for definitions whose
 * other type arguments are spelt out: then this one is not inferred.
 */
export interface NoOlderShapes {
  readonly [type: string]: number;
  readonly [newest]?: never;
}

/**
 * Options of a reading that gives today's shapes.
 *
 * @example
 * ```ts
 * const today: NewestShapes = { raw: false };
 * const events = await store.readStream("cart-42", today).toArray();
 * ```
 */
export interface NewestShapes {
  readonly as?: never;
  readonly raw?: false;
}

/**
 * The events of a union in the shapes that `as` asks for: what it names may have an older shape, for which there is no type.
 *
 * @example
 * ```ts
 * export function dataOf(event: RecordedEvent<OlderEvents<CartEvent, { ItemAdded: 1 }>>): unknown {
 *   return event.type === "CartConfirmed" ? event.data.at : event.data; // unknown of ItemAdded
 * }
 * ```
 */
export type OlderEvents<Events extends Event, As> = typeof newest extends keyof As
  ? Events
  : Events extends Event
    ? Events["type"] extends keyof As
      ? Event<Events["type"]>
      : Events
    : never;
