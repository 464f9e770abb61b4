import { checkBoolean, checkFunction, checkSignal, oneOf, wholeNumber } from "../arguments/checks.ts";
import { checkOptions, type Shape } from "../arguments/options.ts";
import { DefinedEvents } from "../catalogue/defined-events.ts";
import { checkDefinitionEvents } from "../catalogue/definition-events.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { EventCatalogue } from "../model/event-catalogue.ts";

/**
 * How far a check of stored events is.
 *
 * @example
 * ```ts
 * const show = ({ checked, fraction }: CheckProgress): void => console.log(`${checked} events, ${Math.floor(fraction * 100)} %`);
 * ```
 */
export interface CheckProgress {
  /** The events that were read so far. */
  readonly checked: number;
  /** From 0 to 1. */
  readonly fraction: number;
}

/**
 * Options of `checkEvents`.
 *
 * @example
 * ```ts
 * const options: CheckEventsOptions = { sample: 100, signal: AbortSignal.timeout(60_000) };
 * ```
 */
export interface CheckEventsOptions {
  /** The catalogue to read them with, such as that of the code to deploy. @defaultValue the store's own */
  readonly events?: EventCatalogue;
  /**
   * How many events of each version of each type to read, 1 to 10,000; the first and the last are among them from 2 on. The server still looks
   * at the type of every event, so no version is missed. @defaultValue all events
   */
  readonly sample?: number;
  /** Whether the schemas check what was read. Turn it off for schemas that refuse what they return. @defaultValue true */
  readonly validate?: boolean;
  /** `"own"`: events of this tenant. `"all"`: of all tenants. @defaultValue `"all"` of the store itself, `"own"` of a tenant's view */
  readonly tenants?: "own" | "all";
  /** Ends the check. It rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called now and then. What it throws ends the check. */
  readonly onProgress?: (progress: CheckProgress) => void;
}

const shape = {
  events: checkDefinitionEvents,
  sample: wholeNumber(1, 10_000),
  validate: checkBoolean,
  tenants: oneOf("own", "all"),
  signal: checkSignal,
  onProgress: checkFunction<(progress: CheckProgress) => void>,
} satisfies Shape;

/** @throws {@link InvalidArgumentError} */
export function checkEventsOptions(options: CheckEventsOptions | undefined): CheckEventsOptions {
  return checkOptions(options, shape);
}

/** The catalogue that a store was opened with, where the options name none. @throws {@link InvalidArgumentError} — there is none. */
export function checkDefined(events: EventCatalogue | undefined): DefinedEvents {
  if (events instanceof DefinedEvents) return events;
  throw new InvalidArgumentError("options.events", "is missing, and this store was opened without a catalogue. Pass what defineEvents returns.");
}
