import { checkBoundaryQuery } from "../arguments/boundary-query.ts";
import { checkFunction } from "../arguments/checks.ts";
import { checkDeciderName, checkStreamId } from "../arguments/names.ts";
import { checkOptions, isRecord } from "../arguments/options.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { checkDefinitionEvents } from "../catalogue/definition-events.ts";
import type { EventCatalogue, InferEvents, InferNewEvents } from "../model/event-catalogue.ts";
import type { StreamAppend } from "../append/types.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { BoundaryQuery, Event, NewEvent, RecordedEvent } from "../model/event.ts";
import { checkSnapshotOptions, needName, type SnapshotOptions } from "./snapshots/options.ts";

/**
 * Decides commands on one stream: folds the stream's events into a state, and turns a command on that state into events.
 *
 * @example
 * ```ts
 * const door: Decider<boolean, "open" | "close", Event<"Opened" | "Closed", object>> = {
 *   initialState: () => false,
 *   evolve: (_open, event) => event.type === "Opened",
 *   decide: (command, open) => (open === (command === "open") ? [] : [{ type: command === "open" ? "Opened" : "Closed", data: {} }]),
 * };
 * await handleCommand(store, door, "door-1", "open");
 * ```
 */
export interface Decider<State, Command, E extends Event, Input extends Event = E> {
  /**
   * The catalogue that the store is opened with: `evolve` gets its events as they are read, and `decide` returns them as they may be
   * appended. A scenario takes it from here. @defaultValue the events that you name, unchecked
   */
  readonly events?: EventCatalogue<E, Input>;
  /** Returns the state of a stream without events. Return a new object at every call, because `evolve` may change it in place. */
  readonly initialState: () => State;
  /** Returns the state after an event. Must accept every type of event that can be in the stream. */
  readonly evolve: (state: State, event: E) => State;
  /**
   * Returns the events that the command leads to; `[]` if nothing changes. Throw to reject the command; the error reaches the caller
   * unchanged. Runs again on a new state after a conflict, so it should only decide.
   */
  readonly decide: (command: Command, state: State) => readonly NewEvent<Input>[] | Promise<readonly NewEvent<Input>[]>;
  /** Its name, 1–256 bytes. Snapshots are stored under it, and it tells its command ids from those of other deciders. */
  readonly name?: string;
  /**
   * When to store a snapshot of the state, so that later commands need not read the whole stream: `{ every: 100, stateVersion: 1 }`.
   * Needs a `name` that no other decider of the same streams has. Never changes a result.
   */
  readonly snapshot?: SnapshotOptions<State>;
}

/**
 * Decides commands that read several streams and may append to any stream.
 *
 * @example
 * ```ts
 * const transfer: MultiStreamDecider<number, { from: string; to: string; amount: number }, Event<"Booked", { amount: number }>> = {
 *   reads: ({ from, to }) => [from, to],
 *   initialState: () => 0,
 *   evolve: (booked, event) => booked + event.data.amount,
 *   decide: ({ from, to, amount }) => [
 *     { streamId: from, events: [{ type: "Booked", data: { amount: -amount } }] },
 *     { streamId: to, events: [{ type: "Booked", data: { amount } }] },
 *   ],
 * };
 * await executeCommand(store, transfer, { from: "account-a", to: "account-b", amount: 10 });
 * ```
 */
export interface MultiStreamDecider<State, Command, E extends Event, Input extends Event = E> {
  /** The catalogue that the store is opened with: see `Decider`. @defaultValue the events that you name, unchecked */
  readonly events?: EventCatalogue<E, Input>;
  /**
   * The streams to read. A function is called again with the state so far until it names no new stream, at most 100 times. So an event
   * of one stream can name another stream.
   */
  readonly reads: readonly string[] | ((command: Command, state: State) => readonly string[]);
  /** Returns the state without events. Return a new object at every call, because `evolve` may change it in place. */
  readonly initialState: () => State;
  /** Returns the state after an event of any of the streams. Events come in the order of their positions. */
  readonly evolve: (state: State, event: RecordedEvent<E>) => State;
  /**
   * Returns what to append to which stream. Streams that were read are expected at the version read; others at `expectedVersion`.
   * Throw to reject the command. Runs again on a new state after a conflict.
   */
  readonly decide: (command: Command, state: State) => readonly StreamAppend<Input>[] | Promise<readonly StreamAppend<Input>[]>;
  /** Its name, 1–256 bytes. Snapshots are stored under it, and it tells its command ids from those of other deciders. */
  readonly name?: string;
  /**
   * When to store a snapshot of the state of a set of streams. `every` counts the events of all of them. Useful if the same set comes
   * again, such as an account and its limits. Needs a `name`.
   */
  readonly snapshot?: SnapshotOptions<State>;
}

/**
 * Decides commands on the events that match a query by types and tags, in any streams.
 *
 * @example
 * ```ts
 * const enrol: BoundaryDecider<number, { course: string; student: string }, Event<"Enrolled", { student: string }>> = {
 *   query: ({ course }) => [{ types: ["Enrolled"], tags: [`course:${course}`] }],
 *   initialState: () => 0,
 *   evolve: (seats) => seats + 1,
 *   decide: ({ course, student }, seats) => {
 *     if (seats >= 20) throw new Error("the course is full");
 *     return [{ type: "Enrolled", data: { student }, tags: [`course:${course}`] }];
 *   },
 * };
 * await executeCommand(store, enrol, { course: "c1", student: "ada" });
 * ```
 */
export interface BoundaryDecider<State, Command, E extends Event, Input extends Event = E> {
  /** The catalogue that the store is opened with: see `Decider`. The query may name no other types. @defaultValue the events that you name, unchecked */
  readonly events?: EventCatalogue<E, Input>;
  /** The events that the decision depends on. All matching events are read, and the append fails if a new one came in between. */
  readonly query: BoundaryQuery<E> | ((command: Command) => BoundaryQuery<E>);
  /** Returns the state without events. Return a new object at every call, because `evolve` may change it in place. */
  readonly initialState: () => State;
  /** Returns the state after an event that matches the query or was decided. Events come in the order of their positions. */
  readonly evolve: (state: State, event: RecordedEvent<E>) => State;
  /**
   * Returns the events that the command leads to, with the tags by which later decisions find them; `[]` if nothing changes. Throw to
   * reject the command; the error reaches the caller unchanged. Runs again on a new state after a conflict.
   */
  readonly decide: (command: Command, state: State) => readonly NewEvent<Input>[] | Promise<readonly NewEvent<Input>[]>;
  /** The stream that the events are stored in. @defaultValue the one named after the first event's first tag, `course:c1` → `course-c1` */
  readonly streamId?: string | ((command: Command) => string);
  /** Its name, 1–256 bytes. It tells its command ids from those of other deciders. */
  readonly name?: string;
}

const deciderShape = {
  events: checkDefinitionEvents,
  initialState: checkFunction,
  evolve: checkFunction,
  decide: checkFunction,
  name: checkDeciderName,
  snapshot: checkSnapshotOptions,
};
const multiStreamShape = {
  events: checkDefinitionEvents,
  reads: checkReads,
  name: checkDeciderName,
  snapshot: checkSnapshotOptions,
  initialState: checkFunction,
  evolve: checkFunction,
  decide: checkFunction,
  query: oneOnly,
};
const boundaryShape = {
  events: checkDefinitionEvents,
  query: checkQuery,
  streamId: checkStream,
  name: checkDeciderName,
  initialState: checkFunction,
  evolve: checkFunction,
  decide: checkFunction,
  reads: oneOnly,
};

/**
 * Checks a decider and returns it. Its types come from the type arguments, or from annotated functions; with `events`, a catalogue, those
 * of its events come from there.
 *
 * @throws {@link InvalidArgumentError} — a function is missing, or a key is unknown.
 *
 * @example
 * ```ts
 * const counter = decider({
 *   initialState: () => 0,
 *   evolve: (total: number, event: Event<"Counted", { by: number }>) => total + event.data.by,
 *   decide: (command: { by: number }): Event<"Counted", { by: number }>[] => [{ type: "Counted", data: command }],
 * });
 * const { state } = await handleCommand(store, counter, "counter-1", { by: 2 });
 * ```
 */
// const: otherwise the types of what `decide` returns would be widened to string.
export function decider<State, Command, const Catalogue extends EventCatalogue>(
  definition: Decider<State, Command, InferEvents<Catalogue>, InferNewEvents<Catalogue>> & { readonly events: Catalogue },
): Decider<State, Command, InferEvents<Catalogue>, InferNewEvents<Catalogue>>;
export function decider<State, Command, E extends Event>(definition: Decider<State, Command, E>): Decider<State, Command, E>;
export function decider<State, Command, E extends Event>(definition: Decider<State, Command, E, Event>): Decider<State, Command, E, Event> {
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
  throw new InvalidArgumentError(path, `must be an array of stream ids, or a function that returns one, not ${describeValue(value)}`);
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
