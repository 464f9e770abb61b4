import { type Check, checkBoolean, checkDate, checkFunction, checkSignal, oneOf, wholeNumber } from "../arguments/checks.ts";
import { checkCategory, checkPrefix, checkStreamId } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import { checkReaderVersions } from "../arguments/reader-versions.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { CallOptions } from "../model/calls.ts";
import type { Event, EventQuery } from "../model/event.ts";
import { checkFilter, logBoundsShape, type ValidQueryItem, within } from "./filter.ts";

/**
 * The shapes that a reading gives, in a store with a catalogue of events.
 *
 * @example
 * ```ts
 * const stored: EventShapeOptions = { raw: true };
 * const [first] = await store.readStream("cart-42", { ...stored, limit: 1 }).toArray();
 * ```
 */
export interface EventShapeOptions {
  /** The newest version of a type's shape that your code knows: newer ones are brought down to it. @defaultValue today's shapes */
  readonly as?: Readonly<Record<string, number>>;
  /** Gives what is stored, whatever the catalogue makes of it: also retired, unknown and undecodable events. @defaultValue false */
  readonly raw?: boolean;
}

/**
 * Options of `readStream`.
 *
 * @example
 * ```ts
 * const options: ReadStreamOptions = { direction: "backward", limit: 1 };
 * const [last] = await store.readStream("cart-42", options).toArray();
 * ```
 */
export interface ReadStreamOptions extends EventShapeOptions {
  /** The lowest version to read, inclusive. @defaultValue 1; 0 is the same */
  readonly fromVersion?: number;
  /** The highest version to read, inclusive. Below `fromVersion`: nothing. @defaultValue the last */
  readonly toVersion?: number;
  /** `"forward"`: oldest first. The bounds mean the same in both directions. @defaultValue "forward" */
  readonly direction?: "forward" | "backward";
  /** The most events to read; 0 reads none. What one stored event became counts as one. @defaultValue all */
  readonly limit?: number;
  /** Only events recorded at or before this time. */
  readonly asOf?: Date;
  /** Aborts the reading. It then rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

/**
 * Options of `readAll`.
 *
 * @example
 * ```ts
 * const options: ReadAllOptions = { after: 0, prefix: "cart-", since: new Date("2026-01-01"), limit: 100 };
 * const events = await store.readAll(options).toArray();
 * ```
 */
export interface ReadAllOptions<E extends Event = Event> extends EventShapeOptions {
  /** Only events above this position. @defaultValue 0, the beginning */
  readonly after?: number;
  /** Only events at or below this position. @defaultValue the high-water mark, which no read passes */
  readonly until?: number;
  /** `"forward"`: oldest first. The bounds mean the same in both directions. @defaultValue "forward" */
  readonly direction?: "forward" | "backward";
  /** The most events to read; 0 reads none. What one stored event became counts as one. @defaultValue all */
  readonly limit?: number;
  /** One alternative, or several of which any may match. @defaultValue all events */
  readonly filter?: EventQuery<E>;
  /** Only events of streams whose id begins with this. At most 512 bytes. @defaultValue every stream */
  readonly prefix?: string;
  /**
   * Only events recorded at or after this moment. Imported events keep their times, so an event of a lower position may be later.
   * @defaultValue any time
   */
  readonly since?: Date;
  /** `"own"`: this tenant's events; `"all"`: those of every tenant. @defaultValue "own" */
  readonly tenants?: "own" | "all";
  /** Aborts the reading. It then rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

/**
 * Options of `readBoundary`.
 *
 * @example
 * ```ts
 * const options: ReadBoundaryOptions = { signal: AbortSignal.timeout(5_000) };
 * const { events } = await store.readBoundary([{ tags: ["seat:12"] }], options);
 * ```
 */
export interface ReadBoundaryOptions extends CallOptions, EventShapeOptions {}

/**
 * Options of `eventById`.
 *
 * @example
 * ```ts
 * const options: EventByIdOptions = { raw: true, signal: AbortSignal.timeout(5_000) };
 * const event = await store.eventById("018f2b6e-7b1c-7a3e-9d53-1c2d3e4f5a6b", options);
 * ```
 */
export interface EventByIdOptions extends CallOptions, EventShapeOptions {}

/**
 * Options of `streams`.
 *
 * @example
 * ```ts
 * const options: StreamsOptions = { prefix: "cart-", limit: 10 };
 * for await (const { streamId, version } of store.streams(options)) console.debug(streamId, version);
 * ```
 */
export interface StreamsOptions {
  /** Only streams of this category. */
  readonly category?: string;
  /** Only streams whose id begins with this. */
  readonly prefix?: string;
  /** Only streams whose id comes after this one, by the bytes of UTF-8. */
  readonly after?: string;
  /** The most streams to list; 0 lists none. @defaultValue all */
  readonly limit?: number;
  /** Aborts the listing, and cancels its query on the server. It then rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

/**
 * How to fold a stream's events into a state.
 *
 * @example
 * ```ts
 * const counting: Fold<number, RecordedEvent> = { initialState: () => 0, evolve: (count) => count + 1 };
 * const { state } = await store.aggregateStream("cart-42", counting);
 * ```
 */
export interface Fold<State, E> {
  readonly initialState: () => State;
  readonly evolve: (state: State, event: E) => State;
}

/**
 * Where `aggregateStream` goes on: what it returned before, or a state of your own.
 *
 * @example
 * ```ts
 * const from: FoldStart<number> = { state: 1, version: 1 }; // what the first event came to
 * await store.aggregateStream("cart-42", { initialState: () => 0, evolve: (count) => count + 1, from });
 * ```
 */
export interface FoldStart<State> {
  /** The state after the event of this version. */
  readonly state: State;
  /** The version of the last event in it; 0 for none. The stream must have it. */
  readonly version: number;
}

/**
 * What `aggregateStream` does, and how far.
 *
 * @example
 * ```ts
 * const fold: StreamFold<number, RecordedEvent> = { initialState: () => 0, evolve: (count) => count + 1, toVersion: 1 };
 * ```
 */
export interface StreamFold<State, E> extends Fold<State, E>, Pick<ReadStreamOptions, "toVersion" | "asOf" | "signal" | "as" | "raw"> {
  /** Goes on from this state instead of `initialState()`: only later events are folded. @defaultValue from the beginning */
  readonly from?: FoldStart<State>;
}

/**
 * What a stream was folded into.
 *
 * @example
 * ```ts
 * const folded: FoldedStream<number> = await store.aggregateStream("cart-42", { initialState: () => 0, evolve: (count) => count + 1 });
 * ```
 */
export interface FoldedStream<State> {
  readonly state: State;
  /** The version of the last stored event that was read, also where the catalogue made none of it; 0 if there is none. */
  readonly version: number;
  /** Whether the stream has stored events up to there. */
  readonly exists: boolean;
}

/** `ReadAllOptions` as they are run: `prefix` and `since` are in the filter. */
export interface ValidReadAllOptions extends Omit<ReadAllOptions, "filter" | "prefix" | "since"> {
  readonly filter?: readonly ValidQueryItem[];
}

const direction = oneOf("forward", "backward");
const count = wholeNumber(0);
/** The options of `EventShapeOptions`. */
export const shapeShape: { readonly as: Check<Readonly<Record<string, number>>>; readonly raw: Check<boolean> } = {
  as: checkReaderVersions,
  raw: checkBoolean,
};
const readStreamShape = { fromVersion: count, toVersion: count, direction, limit: count, asOf: checkDate, signal: checkSignal, ...shapeShape };
const readAllShape = {
  after: count,
  until: count,
  direction,
  limit: count,
  filter: checkFilter,
  ...logBoundsShape,
  tenants: oneOf("own", "all"),
  signal: checkSignal,
  ...shapeShape,
};
const streamsShape = { category: checkCategory, prefix: checkPrefix, after: checkStreamId, limit: count, signal: checkSignal };

export function checkReadStreamOptions(options: unknown): ReadStreamOptions {
  return oneShape(checkOptions(options, readStreamShape), "options");
}

export function checkReadAllOptions(options: unknown): ValidReadAllOptions {
  const { filter, prefix, since, ...rest } = oneShape(checkOptions(options, readAllShape), "options");
  const narrowed = within(filter, { ...(prefix !== undefined && { prefix }), ...(since && { since }) });
  return { ...rest, ...(narrowed && { filter: narrowed }) };
}

export function checkReadBoundaryOptions(options: unknown): ReadBoundaryOptions {
  return oneShape(checkOptions(options, { signal: checkSignal, ...shapeShape }), "options");
}

export function checkEventByIdOptions(options: unknown): EventByIdOptions {
  return oneShape(checkOptions(options, { signal: checkSignal, ...shapeShape }), "options");
}

/** Refuses `as` together with `raw`. */
export function oneShape<Options extends EventShapeOptions>(options: Options, path: string): Options {
  if (options.raw !== true || options.as === undefined) return options;
  throw new InvalidArgumentError(`${path}.as`, "is given with raw: true, which gives every event in the version that is stored. Leave one of them out");
}

export function checkStreamsOptions(options: unknown): StreamsOptions {
  return checkOptions(options, streamsShape);
}

/** `initialState` and `evolve` are needed; the rest bounds the reading. */
export function checkFold<State, E>(fold: StreamFold<State, E>): StreamFold<State, E> {
  const shape = {
    initialState: checkFunction<() => State>,
    evolve: checkFunction<(state: State, event: E) => State>,
    toVersion: count,
    asOf: checkDate,
    signal: checkSignal,
    from: checkStart<State>,
    ...shapeShape,
  };
  const { initialState, evolve, ...bounds } = oneShape(checkOptions(fold, shape, "fold"), "fold");
  const { from, toVersion } = bounds;
  if (from && toVersion !== undefined && toVersion < from.version)
    throw new InvalidArgumentError("fold.toVersion", `is ${toVersion}, below fold.from.version, ${from.version}; events cannot be taken out of a state`);
  return { ...bounds, initialState: checkFunction(initialState, "fold.initialState"), evolve: checkFunction(evolve, "fold.evolve") };
}

function checkStart<State>(value: unknown, path: string): FoldStart<State> {
  // A whole result may be given.
  const { state, version } = checkOptions(value, { state: (given: unknown) => asState<State>(given), version: count, exists: checkBoolean }, path);
  if (version === undefined) throw new InvalidArgumentError(`${path}.version`, "is missing; it is the version of the last event in the state, 0 for none");
  if (state === undefined) throw new InvalidArgumentError(`${path}.state`, "is missing; leave fold.from out to begin with initialState()");
  return { state, version };
}

function asState<State>(value: unknown): State {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a state is, is the caller's promise
  return value as State;
}
