import { checkSignal, oneOf, wholeNumber } from "../arguments/checks.ts";
import { checkOptions } from "../arguments/options.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { CallOptions } from "../model/calls.ts";
import type { Event, RecordedEvent } from "../model/event.ts";
import { type EventShapeOptions, oneShape, type ReadAllOptions, shapeShape } from "./options.ts";

/**
 * An event with what it caused.
 *
 * @example
 * ```ts
 * export function count({ effects }: CausedEvent): number {
 *   return effects.reduce((sum, effect) => sum + count(effect), 1);
 * }
 * ```
 */
export interface CausedEvent<E extends Event = Event> {
  readonly event: RecordedEvent<E>;
  /** The events whose `causationId` is this event's id, in the order of the log. An event stands in a tree once. */
  readonly effects: readonly CausedEvent<E>[];
  /** True where the event has effects that are not among `effects`, because of `depth` or `limit`. */
  readonly cut?: true;
}

/**
 * Where an event comes from, and what came of it.
 *
 * @example
 * ```ts
 * export function rootOf({ event, causes }: CausationTree): RecordedEvent {
 *   return causes.at(-1) ?? event;
 * }
 * ```
 */
export interface CausationTree<E extends Event = Event> extends CausedEvent<E> {
  /** What caused the event, what caused that, and so on up to the root, which comes last. */
  readonly causes: readonly RecordedEvent<E>[];
  /** True where the last of `causes` has a cause that is not among them, because of `depth`. */
  readonly causesCut?: true;
  /** Whether nothing was cut. */
  readonly complete: boolean;
}

/**
 * Options of `readCausation`.
 *
 * @example
 * ```ts
 * const options: ReadCausationOptions = { depth: 3, limit: 50 };
 * ```
 */
export interface ReadCausationOptions extends CallOptions, EventShapeOptions {
  /** The most levels, up and down, 0 to 1,000. Each level down is one query. @defaultValue 100 */
  readonly depth?: number;
  /** The most effects, over all levels, 0 to 10,000: those nearest to the event, in the order of the log. @defaultValue 1,000 */
  readonly limit?: number;
}

/**
 * Options of `readCorrelation`.
 *
 * @example
 * ```ts
 * const options: ReadCorrelationOptions = { direction: "backward", limit: 10 };
 * ```
 */
export type ReadCorrelationOptions = Pick<ReadAllOptions, "after" | "until" | "direction" | "limit" | "signal" | "as" | "raw">;

const count = wholeNumber(0);
const causationShape = { depth: wholeNumber(0, 1_000), limit: wholeNumber(0, 10_000), signal: checkSignal, ...shapeShape };
const correlationShape = { after: count, until: count, direction: oneOf("forward", "backward"), limit: count, signal: checkSignal, ...shapeShape };

export function checkReadCausationOptions(options: unknown): ReadCausationOptions {
  return oneShape(checkOptions(options, causationShape), "options");
}

export function checkReadCorrelationOptions(options: unknown): ReadCorrelationOptions {
  return oneShape(checkOptions(options, correlationShape), "options");
}

/** As it stands in metadata: any text, compared as a whole. One with U+0000 stands in none. */
export function checkCorrelationId(value: unknown, path: string): string {
  if (typeof value === "string" && value !== "" && value.isWellFormed() && !value.includes("\0")) return value;
  throw new InvalidArgumentError(path, `must be the text that events have as metadata.correlationId, not ${describeValue(value)}`);
}
