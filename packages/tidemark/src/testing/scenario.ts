import { isRecord } from "../arguments/options.ts";
import type { StreamAppend } from "../append/types.ts";
import {
  type BoundaryDecider,
  checkBoundaryDecider,
  checkDecider,
  checkMultiStreamDecider,
  type Decider,
  type MultiStreamDecider,
} from "../commands/decider.ts";
import type { Event, NewEvent } from "../model/event.ts";
import { boundaryPlot } from "./boundary-plot.ts";
import { deciderPlot } from "./decider-plot.ts";
import type { DocumentProjection } from "../projections/projection.ts";
import type { Process } from "../processes/process.ts";
import { isProcess, processScenario, type ProcessScenario } from "./process-scenario.ts";
import { isProjection, projectionScenario, type ProjectionScenario } from "./projection-scenario.ts";
import { scenarioEvents, type ScenarioOptions } from "./scenario-events.ts";
import type { VersionedEvent } from "./stored-events.ts";
import { decisionOf, type ScenarioDecision } from "./scenario-decision.ts";
import { streamsPlot } from "./streams-plot.ts";

/**
 * What a decision on one stream, or by query, has to be.
 *
 * @example
 * ```ts
 * const decision: DeciderDecision<CartEvent> = scenario(cart).given([itemAdded]).when({ kind: "confirm" });
 * decision.then([{ type: "CartConfirmed", data: { at: "noon" } }]);
 * ```
 */
export type DeciderDecision<E extends Event> = ScenarioDecision<NewEvent<E>>;

/**
 * The events that there are, before a command.
 *
 * @example
 * ```ts
 * const history: ScenarioHistory<CartCommand, NewEvent<CartEvent>> = scenario(cart).given([]);
 * history.when({ kind: "confirm" }).thenThrows("empty");
 * ```
 */
export interface ScenarioHistory<Command, Decided> {
  /** One command, or several that are decided one after another. */
  when(...commands: readonly [Command, ...Command[]]): ScenarioDecision<Decided>;
}

/**
 * The events of a stream, before a command.
 *
 * @example
 * ```ts
 * const filled: DeciderHistory<CartCommand, CartEvent> = scenario(cart).given([itemAdded]);
 * ```
 */
export type DeciderHistory<Command, E extends Event> = ScenarioHistory<Command, NewEvent<E>>;

/**
 * A test of a decider.
 *
 * @example
 * ```ts
 * const carts: DeciderScenario<CartCommand, CartEvent> = scenario(cart);
 * ```
 */
export interface DeciderScenario<Command, E extends Event> {
  /** Takes the events of the stream so far; `[]` for none. */
  given(events: readonly (NoInfer<NewEvent<E>> | VersionedEvent)[]): ScenarioHistory<Command, NewEvent<E>>;
}

/**
 * A test of a decider over several streams.
 *
 * @example
 * ```ts
 * const merging: StreamsScenario<{ from: string; to: string }, CartEvent> = scenario(merge);
 * ```
 */
export interface StreamsScenario<Command, E extends Event> {
  /** The events so far with their streams, in the order of the log; `[]` for none. Those of streams that are not read are not seen. */
  given(
    events: readonly (NoInfer<NewEvent<E> & { readonly streamId: string }> | (VersionedEvent & { readonly streamId: string }))[],
  ): ScenarioHistory<Command, StreamAppend<E>>;
}

/**
 * A test of a decider by query.
 *
 * @example
 * ```ts
 * export function empty<Command, E extends Event>(course: BoundaryScenario<Command, E>): ScenarioHistory<Command, NewEvent<E>> {
 *   return course.given([]);
 * }
 * ```
 */
export interface BoundaryScenario<Command, E extends Event> {
  /** The events so far with their tags, in the order of the log; `[]` for none. Those that the query does not match are not seen. */
  given(
    events: readonly (NoInfer<NewEvent<E> & { readonly streamId?: string }> | (VersionedEvent & { readonly streamId?: string }))[],
  ): ScenarioHistory<Command, NewEvent<E>>;
}

/**
 * A test of a decider without a store: `scenario(cart).given(events).when(command).then(events)`. Works with every test runner. Events
 * pass through JSON as in a store, so data that a store rejects is rejected here too.
 *
 * For a decider over several streams: `scenario(transfer).given([{ streamId, type, data }]).when(command).then([{ streamId, events
 * }])`. For one by query, given events have tags, and events that do not match are not seen.
 *
 * For a document projection: `await scenario(cartSummary).given(events).then({ "cart-42": document })`, which compares all documents.
 * It runs in memory; an event that it cannot apply is a `ProjectionFailedError`.
 *
 * For a process: `await scenario(checkout).given(events).when(event).then(effects)`, or `.whenTimerFires("payment")`, with the test's clock;
 * `.whenRefused(payment, error)` goes on with an `orElse`.
 *
 * With a catalogue, in the definition as `events` or here as an option, events pass through it as in a store: given events and decided
 * ones are checked by their schemas, and read back in their newest shape. A given event with `schemaVersion` is taken as it was stored,
 * in that version: `given([{ type: "CartConfirmed", schemaVersion: 1, data }])`. Expected events are those that readers get. With an
 * asynchronous schema, use `thenAsync`.
 *
 * @throws {@link EventValidationError} — a schema refuses the data of a given event or of a decided one.
 * @throws {@link UnknownEventTypeError} — the catalogue does not have the type, or the version, of one of them.
 *
 * @example
 * ```ts
 * scenario(cart)
 *   .given([itemAdded])
 *   .when({ kind: "confirm" })
 *   .then([{ type: "CartConfirmed", data: { at: "noon" } }]);
 * ```
 */
export function scenario<State, E extends Event>(process: Process<State, E>, options?: ScenarioOptions): ProcessScenario<E>;
export function scenario<Document extends object>(projection: DocumentProjection<Document>, options?: ScenarioOptions): ProjectionScenario<Document>;
export function scenario<State, Command, E extends Event>(
  decider: MultiStreamDecider<State, Command, E, Event>,
  options?: ScenarioOptions,
): StreamsScenario<Command, E>;
export function scenario<State, Command, E extends Event>(
  decider: BoundaryDecider<State, Command, E, Event>,
  options?: ScenarioOptions,
): BoundaryScenario<Command, E>;
export function scenario<State, Command, E extends Event>(decider: Decider<State, Command, E, Event>, options?: ScenarioOptions): DeciderScenario<Command, E>;
export function scenario<State, Command, E extends Event>(
  decider:
    | Decider<State, Command, E, Event>
    | MultiStreamDecider<State, Command, E, Event>
    | BoundaryDecider<State, Command, E, Event>
    | DocumentProjection<object>
    | Process<State, E>,
  options?: ScenarioOptions,
): DeciderScenario<Command, E> | StreamsScenario<Command, E> | BoundaryScenario<Command, E> | ProjectionScenario<object> | ProcessScenario<E> {
  if (isProcess(decider)) return processScenario(decider, options);
  if (isProjection(decider)) return projectionScenario(decider, options);
  if (namesStreams(decider)) return streamsScenario(decider, options);
  return asksByQuery(decider) ? boundaryScenario(decider, options) : deciderScenario(decider, options);
}

function deciderScenario<State, Command, E extends Event>(
  decider: Decider<State, Command, E, Event>,
  options: ScenarioOptions | undefined,
): DeciderScenario<Command, E> {
  checkDecider(decider);
  const shapes = scenarioEvents(options, decider.events);
  return { given: (events) => ({ when: (...commands) => decisionOf(commands, () => deciderPlot(decider, events, shapes)) }) };
}

function streamsScenario<State, Command, E extends Event>(
  decider: MultiStreamDecider<State, Command, E, Event>,
  options: ScenarioOptions | undefined,
): StreamsScenario<Command, E> {
  checkMultiStreamDecider(decider);
  const shapes = scenarioEvents(options, decider.events);
  return { given: (events) => ({ when: (...commands) => decisionOf(commands, () => streamsPlot(decider, events, shapes)) }) };
}

function boundaryScenario<State, Command, E extends Event>(
  decider: BoundaryDecider<State, Command, E, Event>,
  options: ScenarioOptions | undefined,
): BoundaryScenario<Command, E> {
  checkBoundaryDecider(decider);
  const shapes = scenarioEvents(options, decider.events);
  return { given: (events) => ({ when: (...commands) => decisionOf(commands, () => boundaryPlot(decider, events, shapes)) }) };
}

function namesStreams<State, Command, E extends Event>(
  decider: object | MultiStreamDecider<State, Command, E, Event>,
): decider is MultiStreamDecider<State, Command, E, Event> {
  return isRecord(decider) && decider["reads"] !== undefined;
}

function asksByQuery<State, Command, E extends Event>(
  decider: object | BoundaryDecider<State, Command, E, Event>,
): decider is BoundaryDecider<State, Command, E, Event> {
  return isRecord(decider) && decider["query"] !== undefined;
}
