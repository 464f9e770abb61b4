import type { Become, BecomePart } from "./become.ts";
import type { StoredEvent } from "./definition.ts";

/**
 * Says what an event of a retired type becomes: one event, several, or none (`[]`). Pure and synchronous, like every step.
 *
 * @example
 * ```ts
 * const step: RetiredStep = ({ data }) => [{ type: "CartCreated", schemaVersion: 1, data }];
 * ```
 */
export type RetiredStep = (event: StoredEvent) => readonly BecomePart[] | Become;

/**
 * How a retired type is used.
 *
 * @example
 * ```ts
 * const options: RetiredOptions = { becomes: ["CartCreated"] };
 * ```
 */
export interface RetiredOptions {
  /** All types that the step makes. Without it a filter by any type also has to read the events of this one. */
  readonly becomes?: readonly string[];
}

/**
 * A type that code no longer writes, as `retired` makes it.
 *
 * @example
 * ```ts
 * const dropped: RetiredEvent = retired(() => []);
 * ```
 */
export class RetiredEvent {
  readonly step: RetiredStep;
  readonly options: RetiredOptions | undefined;

  constructor(step: RetiredStep, options: RetiredOptions | undefined) {
    this.step = step;
    this.options = options;
  }
}

/**
 * Says that code no longer writes an event type, and what its stored events become: one event, several, or none. The step gets events of
 * every version that was stored.
 *
 * @example
 * ```ts
 * const events = defineEvents({
 *   CartCreated: event<{ owner: string }>(),
 *   CartOpened: retired(({ data }) => [{ type: "CartCreated", schemaVersion: 1, data: { owner: data.user } }], { becomes: ["CartCreated"] }),
 * });
 * console.log(events.types); // => [ 'CartCreated' ]
 * ```
 */
export function retired(step: RetiredStep, options?: RetiredOptions): RetiredEvent {
  return new RetiredEvent(step, options);
}
