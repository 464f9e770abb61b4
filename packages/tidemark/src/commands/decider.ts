import { checkBoundaryQuery } from "../arguments/boundary-query.ts";
import { checkFunction } from "../arguments/checks.ts";
import { checkDeciderName, checkStreamId } from "../arguments/names.ts";
import { checkOptions, isRecord } from "../arguments/options.ts";
import { show } from "../arguments/show.ts";
import type { StreamAppend } from "../append/types.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { BoundaryQuery, Event, NewEvent, RecordedEvent } from "../model/event.ts";
import { checkSnapshotOptions, needName, type SnapshotOptions } from "./snapshots/options.ts";

/** How one stream is decided on: its state is folded of its events, and a command on that state becomes events. */
export interface Decider<State, Command, E extends Event> {
  /** The state of a stream without events. A new one at every call: `evolve` may change it in place. */
  readonly initialState: () => State;
  /** The state after an event. It must accept every event that the stream can hold. */
  readonly evolve: (state: State, event: E) => State;
  /**
   * The events that the command leads to; none where nothing changes. To refuse the command, throw: that error reaches the
   * caller as it is. It runs again, on a new state, after a conflict, so it should do nothing but decide.
   */
  readonly decide: (command: Command, state: State) => readonly NewEvent<E>[] | Promise<readonly NewEvent<E>[]>;
  /** Its name, 1–256 bytes: its snapshots are kept under it, and it tells ids of its commands from those of others. */
  readonly name?: string;
  /**
   * When to keep the state, so that later commands need not read the whole stream: `{ every: 100, stateVersion: 1 }`. Needs a
   * `name` that no other decider of the same streams has. No result changes by it.
   */
  readonly snapshot?: SnapshotOptions<State>;
}

/** How a command is decided on that reads several streams and may append to any. */
export interface MultiStreamDecider<State, Command, E extends Event> {
  /**
   * The streams to read. A function is asked again with the state so far until it names no new stream, at most 100 times: so
   * a stream can be named by an event of another.
   */
  readonly reads: readonly string[] | ((command: Command, state: State) => readonly string[]);
  /** The state without events. A new one at every call: `evolve` may change it in place. */
  readonly initialState: () => State;
  /** The state after an event of any of the streams. Events come in the order of their positions. */
  readonly evolve: (state: State, event: RecordedEvent<E>) => State;
  /**
   * What to append, and where. Streams that were read are expected at the version read; for others `expectedVersion` counts.
   * To refuse the command, throw. It runs again, on a new state, after a conflict.
   */
  readonly decide: (command: Command, state: State) => readonly StreamAppend<E>[] | Promise<readonly StreamAppend<E>[]>;
  /** Its name, 1–256 bytes: its snapshots are kept under it, and it tells ids of its commands from those of others. */
  readonly name?: string;
  /**
   * When to keep the state of a set of streams, as for one stream: `every` counts the events of all of them. Worth it where the
   * same set comes again, such as an account and its limits. Needs a `name`.
   */
  readonly snapshot?: SnapshotOptions<State>;
}

/** How a command is decided on whose boundary is a query by types and tags, whatever streams the events are in. */
export interface BoundaryDecider<State, Command, E extends Event> {
  /** What the decision rests on: every event that matches is read, and none may come between. */
  readonly query: BoundaryQuery<E> | ((command: Command) => BoundaryQuery<E>);
  /** The state without events. A new one at every call: `evolve` may change it in place. */
  readonly initialState: () => State;
  /** The state after an event that matches, or that was decided. Events come in the order of their positions. */
  readonly evolve: (state: State, event: RecordedEvent<E>) => State;
  /**
   * The events that the command leads to, with the tags by which later decisions find them; none where nothing changes. To
   * refuse the command, throw: that error reaches the caller as it is. It runs again, on a new state, after a conflict.
   */
  readonly decide: (command: Command, state: State) => readonly NewEvent<E>[] | Promise<readonly NewEvent<E>[]>;
  /** The stream that they go to. Default: named after the first event's first tag, `course:c1` → `course-c1`. */
  readonly streamId?: string | ((command: Command) => string);
  /** Its name, 1–256 bytes: tells ids of its commands from those of others. */
  readonly name?: string;
}

const deciderShape = {
  initialState: checkFunction,
  evolve: checkFunction,
  decide: checkFunction,
  name: checkDeciderName,
  snapshot: checkSnapshotOptions,
};
const multiStreamShape = {
  reads: checkReads,
  name: checkDeciderName,
  snapshot: checkSnapshotOptions,
  initialState: checkFunction,
  evolve: checkFunction,
  decide: checkFunction,
  query: oneOnly,
};
const boundaryShape = {
  query: checkQuery,
  streamId: checkStream,
  name: checkDeciderName,
  initialState: checkFunction,
  evolve: checkFunction,
  decide: checkFunction,
  reads: oneOnly,
};

/**
 * A decider, checked. Its types come from the type arguments, or from annotated functions.
 *
 * @throws {@link InvalidArgumentError} — a function is missing, or there is a key that a decider does not have.
 */
export function decider<State, Command, E extends Event>(definition: Decider<State, Command, E>): Decider<State, Command, E> {
  checkDecider(definition);
  return definition;
}

export function checkDecider(value: unknown): void {
  refuseStore(value, "handleCommand(store, decider, streamId, command)");
  for (const key of ["reads", "query"])
    if (has(value, key))
      throw new InvalidArgumentError(`decider.${key}`, `belongs to a decider over several streams: pass it to executeCommand(store, decider, command)`);
  const checked = checkOptions(value, deciderShape, "decider");
  needAll(checked, ["initialState", "evolve", "decide"]);
  needName(checked, "decider");
}

export function checkMultiStreamDecider(value: unknown): void {
  refuseStore(value, "executeCommand(store, decider, command)");
  if (isRecord(value) && !has(value, "reads"))
    throw new InvalidArgumentError(
      "decider.reads",
      "is missing. executeCommand needs a decider with `reads` or `query`; handle a decider of one stream with handleCommand(store, decider, streamId, command)",
    );
  const checked = checkOptions(value, multiStreamShape, "decider");
  needAll(checked, ["reads", "initialState", "evolve", "decide"]);
  needName(checked, "decider");
}

export function checkBoundaryDecider(value: unknown): void {
  // A store has a method `query`, and would pass for a decider by query.
  refuseStore(value, "executeCommand(store, decider, command)");
  needAll(checkOptions(value, boundaryShape, "decider"), ["query", "initialState", "evolve", "decide"]);
}

/** Swapped arguments: a store is an object, too, and its keys would say nothing. */
function refuseStore(value: unknown, call: string): void {
  if (has(value, "appendToStream")) throw new InvalidArgumentError("decider", `must be a decider, but is a store. The store comes first: ${call}`);
}

function has(value: unknown, key: string): boolean {
  return isRecord(value) && value[key] !== undefined;
}

function needAll(checked: Readonly<Record<string, unknown>>, keys: readonly string[]): void {
  for (const key of keys) if (checked[key] === undefined) throw new InvalidArgumentError(`decider.${key}`, "is missing");
}

function checkReads(value: unknown, path: string): unknown {
  if (typeof value === "function" || Array.isArray(value)) return value;
  throw new InvalidArgumentError(path, `must be an array of stream ids, or a function that returns one, not ${show(value)}`);
}

/** Of a function's result when the command is handled. */
function checkQuery(value: unknown, path: string): unknown {
  return typeof value === "function" ? value : checkBoundaryQuery(value, path);
}

function checkStream(value: unknown, path: string): unknown {
  return typeof value === "function" ? value : checkStreamId(value, path);
}

function oneOnly(_value: unknown, path: string): never {
  throw new InvalidArgumentError(path, "cannot be combined: a decider has either reads or query");
}
