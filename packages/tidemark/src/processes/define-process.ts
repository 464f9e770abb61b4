import { checkFunction, listOf, wholeNumber } from "../arguments/checks.ts";
import { checkEventType, checkProcessName } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import { checkRetryPolicy } from "../arguments/retry-policy.ts";
import { checkStartFrom } from "../arguments/start-from.ts";
import { checkDefinitionEvents, checkDefinitionTypes } from "../catalogue/definition-events.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { Event, EventQuery, EventQueryItem, RecordedEvent } from "../model/event.ts";
import { checkFilter, checkQuery } from "../read/filter.ts";
import { DefinedProcess, type ProcessFunctions } from "./defined-process.ts";
import type { Effect } from "./effect.ts";
import { isOutside } from "./outside-errors.ts";
import { ownPrefix } from "./own-stream.ts";
import type { Process, ProcessDefinition } from "./process.ts";

const shape = {
  name: checkProcessName,
  version: wholeNumber(1, 2_147_483_647),
  stateVersion: wholeNumber(1, 2_147_483_647),
  events: checkDefinitionEvents,
  handles: listOf(checkEventType, "name the types of the process's inputs"),
  filter: checkQuery,
  instanceId: checkFunction<(event: RecordedEvent) => string | null>,
  initialState: checkFunction<() => unknown>,
  evolve: checkFunction<(state: unknown, event: RecordedEvent) => unknown>,
  react: checkFunction<(event: RecordedEvent, state: unknown) => readonly Effect[]>,
  startFrom: checkStartFrom,
  shards: wholeNumber(1, 256),
  keepEndedMs: wholeNumber(3_600_000, Number.MAX_SAFE_INTEGER),
  batchSize: wholeNumber(1, 10_000),
  concurrency: wholeNumber(1, 1_000),
  timeoutMs: wholeNumber(1, 2_147_483_647),
  retry: checkRetryPolicy,
  retryable: checkFunction<(error: unknown) => boolean>,
} as const;

const retryDefaults = { attempts: 10, minDelayMs: 100, maxDelayMs: 60_000, factor: 2, jitter: true };

/**
 * Defines a process: for each instance, a state folded from its inputs, and what each input leads to. A worker runs it from its
 * checkpoint on: `store.createWorker({ processes: [checkout] })`.
 *
 * The state, the effects of an input, its timers and the checkpoint change in one transaction, so each input counts once. Commands and
 * appends are issued after it, under ids derived from process, instance, input and place: whatever is killed, they write once.
 *
 * @throws {@link InvalidArgumentError} — a part of the definition is invalid.
 *
 * @example
 * ```ts
 * const thanking = defineProcess<{ items: number }, CartEvent>({
 *   name: "thanking",
 *   handles: ["ItemAdded", "CartConfirmed"],
 *   instanceId: (event) => event.streamId,
 *   initialState: () => ({ items: 0 }),
 *   evolve: (state, event) => (event.type === "ItemAdded" ? { items: state.items + event.data.quantity } : state),
 *   react: (event, state) =>
 *     event.type === "CartConfirmed" ? [append(`thanks-${event.streamId}`, [{ type: "Thanked", data: state }]), complete()] : [],
 * });
 * const worker = store.createWorker({ processes: [thanking] });
 * await worker.start();
 * await worker.caughtUp();
 * await worker.stop();
 * ```
 */
export function defineProcess<State, E extends Event>(definition: ProcessDefinition<State, E>): Process<State, E>;
export function defineProcess<State>(definition: ProcessDefinition<State, Event>): Process<State> {
  if (definition === undefined) throw new InvalidArgumentError("definition", "is missing");
  const checked = checkOptions(definition, shape, "definition");
  const { name, handles, startFrom = 0 } = checked;
  if (name === undefined) throw new InvalidArgumentError("definition.name", "is missing");
  if (handles === undefined) throw new InvalidArgumentError("definition.handles", "is missing: the types of the process's inputs");
  checkDefinitionTypes(checked.events, handles, "definition.handles");
  const query = inputsOf(name, handles, checked.filter);
  return new DefinedProcess<State>(name, checked.version ?? 1, {
    ...functionsOf(checked),
    handles,
    query,
    items: checkFilter(query, "definition.filter"),
    events: checked.events,
    startAfter: startFrom === "end" ? undefined : startFrom,
    shards: checked.shards ?? 1,
    keepEndedMs: checked.keepEndedMs,
    batchSize: checked.batchSize ?? 500,
    concurrency: checked.concurrency ?? 32,
    timeoutMs: checked.timeoutMs ?? 30_000,
    retry: { ...retryDefaults, ...checked.retry },
    retryable: checked.retryable ?? isOutside,
  });
}

function functionsOf(checked: { readonly [Name in keyof ProcessFunctions]?: ProcessFunctions[Name] }): ProcessFunctions {
  const { instanceId, stateVersion = 1, initialState, evolve, react } = checked;
  if (!instanceId) throw new InvalidArgumentError("definition.instanceId", "is missing: which instance an event belongs to");
  if (!initialState) throw new InvalidArgumentError("definition.initialState", "is missing");
  if (!evolve) throw new InvalidArgumentError("definition.evolve", "is missing");
  if (!react) throw new InvalidArgumentError("definition.react", "is missing");
  return { instanceId, stateVersion, initialState, evolve, react };
}

/** What it follows in the log: with a filter, that and the events of its own timers, which stand in streams of its own. */
function inputsOf(name: string, handles: readonly string[], filter: EventQuery | undefined): EventQuery {
  if (filter === undefined) return { types: handles };
  const items: readonly EventQueryItem[] = Array.isArray(filter) ? filter : [filter];
  const narrowed = items.map((item) => ({ ...item, types: item.types ? item.types.filter((type) => handles.includes(type)) : handles }));
  const outside = narrowed.filter(({ types }) => types.length > 0);
  if (outside.length === 0) throw new InvalidArgumentError("definition.filter", "matches none of the types in handles, so no input would ever arrive");
  return [...outside, { types: handles, prefix: ownPrefix(name) }];
}
