/**
 * One of the events that a stored event becomes.
 *
 * @example
 * ```ts
 * const part: BecomePart = { type: "CartCreated", schemaVersion: 1, data: { owner: "ada" } };
 * ```
 */
export interface BecomePart {
  /** A type of the catalogue. */
  readonly type: string;
  /**
   * The version of the shape that `data` has. The event is brought up to date from there. Left out, it is 1, whatever the newest version
   * is, because a step has to mean the same when its types get newer versions.
   *
   * @defaultValue 1
   */
  readonly schemaVersion?: number;
  /** Plain JSON. */
  readonly data: unknown;
}

/**
 * What a step returns that turns its event into others; made by `become`.
 *
 * @example
 * ```ts
 * const nothing: Become = become([]);
 * ```
 */
export class Become {
  readonly parts: readonly BecomePart[];

  constructor(parts: readonly BecomePart[]) {
    this.parts = parts;
  }
}

/**
 * Turns an event into one event of another type, into several, or into none: return it from a step. They share the stored event's id,
 * version and position. Other types than the step's own have to be listed in `becomes` of the definition, so that a filter by these types
 * finds the stored event.
 *
 * @example
 * ```ts
 * const events = defineEvents({
 *   PriceChanged: {
 *     schema: event<{ sku: string; price: number }>(),
 *     version: 2,
 *     upcast: { 1: ({ data }) => become(data.skus.map((sku: string) => ({ type: "PriceChanged", schemaVersion: 2, data: { sku, price: data.price } }))) },
 *   },
 * });
 * console.log(events.types); // => [ 'PriceChanged' ]
 * ```
 */
export function become(parts: readonly BecomePart[]): Become {
  return new Become(parts);
}
