import { checkDate, checkFunction, checkSignal, oneOf, wholeNumber } from "../arguments/checks.ts";
import { checkCategory, checkPrefix, checkStreamId } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import type { Event, EventQuery } from "../model/event.ts";
import { checkFilter, type ValidQueryItem } from "./filter.ts";

/** Options of `readStream`. */
export interface ReadStreamOptions {
  /** The lowest version to read, inclusive. Default 1; 0 is the same. */
  readonly fromVersion?: number;
  /** The highest version to read, inclusive. Default: the last. Below `fromVersion`: nothing. */
  readonly toVersion?: number;
  /** `"forward"` (default): oldest first. The bounds mean the same in both directions. */
  readonly direction?: "forward" | "backward";
  /** The most events to read; 0 gives none. Default: all. */
  readonly limit?: number;
  /** Only events recorded at or before this moment. */
  readonly asOf?: Date;
  /** Ends the reading; it then rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

/** Options of `readAll`. */
export interface ReadAllOptions<E extends Event = Event> {
  /** Only events above this position. Default 0, the beginning. */
  readonly after?: number;
  /** Only events at or below this position. Default: the high-water mark, which no reading passes. */
  readonly until?: number;
  /** `"forward"` (default): oldest first. The bounds mean the same in both directions. */
  readonly direction?: "forward" | "backward";
  /** The most events to read; 0 gives none. Default: all. */
  readonly limit?: number;
  /** One alternative, or several of which any may match. Default: every event. */
  readonly filter?: EventQuery<E>;
  /** `"own"` (default): this tenant's events; `"all"`: those of every tenant. */
  readonly tenants?: "own" | "all";
  /** Ends the reading; it then rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

/** Options of `streams`. */
export interface StreamsOptions {
  /** Only streams of this category. */
  readonly category?: string;
  /** Only streams whose id begins with this. */
  readonly prefix?: string;
  /** Only streams whose id comes after this one, by the bytes of UTF-8. */
  readonly after?: string;
  /** The most streams to list; 0 gives none. Default: all. */
  readonly limit?: number;
}

/** How to make a state of a stream's events. */
export interface Fold<State, E> {
  readonly initialState: () => State;
  readonly evolve: (state: State, event: E) => State;
}

/** `ReadAllOptions` as they are run. */
export interface ValidReadAllOptions extends Omit<ReadAllOptions, "filter"> {
  readonly filter?: readonly ValidQueryItem[];
}

/** `aggregateStream`'s second argument as it is run. */
export interface ValidFold<State, E> extends Fold<State, E>, Pick<ReadStreamOptions, "toVersion" | "asOf" | "signal"> {}

const direction = oneOf("forward", "backward");
const count = wholeNumber(0);
const readStreamShape = { fromVersion: count, toVersion: count, direction, limit: count, asOf: checkDate, signal: checkSignal };
const readAllShape = { after: count, until: count, direction, limit: count, filter: checkFilter, tenants: oneOf("own", "all"), signal: checkSignal };
const streamsShape = { category: checkCategory, prefix: checkPrefix, after: checkStreamId, limit: count };

export function checkReadStreamOptions(options: unknown): ReadStreamOptions {
  return checkOptions(options, readStreamShape);
}

export function checkReadAllOptions(options: unknown): ValidReadAllOptions {
  return checkOptions(options, readAllShape);
}

export function checkReadBoundaryOptions(options: unknown): { readonly signal?: AbortSignal } {
  return checkOptions(options, { signal: checkSignal });
}

export function checkStreamsOptions(options: unknown): StreamsOptions {
  return checkOptions(options, streamsShape);
}

/** `initialState` and `evolve` are needed; the rest bounds the reading. */
export function checkFold<State, E>(fold: Fold<State, E> & Pick<ReadStreamOptions, "toVersion" | "asOf" | "signal">): ValidFold<State, E> {
  const shape = {
    initialState: checkFunction<() => State>,
    evolve: checkFunction<(state: State, event: E) => State>,
    toVersion: count,
    asOf: checkDate,
    signal: checkSignal,
  };
  const { initialState, evolve, ...bounds } = checkOptions(fold, shape, "fold");
  return { ...bounds, initialState: checkFunction(initialState, "fold.initialState"), evolve: checkFunction(evolve, "fold.evolve") };
}
