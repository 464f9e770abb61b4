import type { StartFrom } from "../arguments/start-from.ts";
import type { RetryOptions } from "../consumers/consumer.ts";
import type { Event, EventQuery, RecordedEvent } from "../model/event.ts";
import type { EventCatalogue } from "../model/event-catalogue.ts";
import type { Effect } from "./effect.ts";

/**
 * A process, as `defineProcess` returns it.
 *
 * @example
 * ```ts
 * const processes: Process[] = [checkout];
 * ```
 */
export interface Process<State = unknown, E extends Event = Event> {
  readonly kind: "process";
  readonly name: string;
  readonly version: number;
  /** For inference alone; there is no such property. */
  readonly "~types"?: { readonly state: State; readonly events: E };
}

/**
 * The definition of a process, for `defineProcess`.
 *
 * @example
 * ```ts
 * const definition: ProcessDefinition<number, CartEvent> = {
 *   name: "counting",
 *   handles: ["ItemAdded"],
 *   instanceId: (event) => event.streamId,
 *   initialState: () => 0,
 *   evolve: (state) => state + 1,
 *   react: (event, state) => (state < 3 ? [] : [complete()]),
 * };
 * ```
 */
export interface ProcessDefinition<State, E extends Event> {
  /** 1–128 bytes. Instances, their inputs and the place in the log belong to it. */
  readonly name: string;
  /**
   * 1–2,147,483,647. An instance stays with the version that started it, so a worker runs both until the older one's instances have ended:
   * `createWorker({ processes: [checkout1, checkout2] })`. Raise it when `react` changes what running instances rely on. @defaultValue 1
   */
  readonly version?: number;
  /**
   * 1–2,147,483,647. Another number has the state of an instance folded again, from all of its inputs, before the next one: raise it when
   * `initialState` or `evolve` changes. Effects are not repeated. @defaultValue 1
   */
  readonly stateVersion?: number;
  /**
   * The catalogue that the store is opened with: the functions get its events, and `handles` may name no other types.
   * @defaultValue the types that you name, unchecked
   */
  readonly events?: EventCatalogue<E, Event>;
  /** The types of its inputs, those of its timers' events included. At least one. */
  readonly handles: readonly E["type"][];
  /** Narrows its inputs further. Events of its own timers always arrive. */
  readonly filter?: EventQuery<E>;
  /** Which instance an event belongs to: 1–512 bytes. `null` ignores the event. It is not asked for events of the process's own timers. */
  readonly instanceId: (event: RecordedEvent<E>) => string | null;
  /** Returns the state of an instance without inputs. Return a new object at every call, because `evolve` may change it in place. */
  readonly initialState: () => State;
  /** Returns the state after an input. It must be pure, and the state plain JSON: it is stored. */
  readonly evolve: (state: State, event: RecordedEvent<E>) => State;
  /**
   * Returns what an input leads to, from the state after it; `[]` for nothing. It must be pure: it is called again where a worker goes on
   * with what another one left, and has to return the same.
   */
  readonly react: (event: RecordedEvent<E>, state: State) => readonly Effect<State>[];
  /** Where it begins when it is new. @defaultValue "beginning" */
  readonly startFrom?: StartFrom;
  /**
   * Over how many shards its instances are spread, which workers share, 1–256. An instance belongs to one shard, so its inputs stay in order. Each shard reads
   * all events of `handles`. When the number changes, all shards first continue to one position. @defaultValue 1
   */
  readonly shards?: number;
  /**
   * For how many milliseconds an instance is kept after its end, with its inputs and commands; at least an hour. It counts by the time of the
   * events that the process has handled, so an instance is not forgotten before inputs that were recorded within that time have come as late ones. After that, an input of the
   * instance begins it anew. @defaultValue for ever
   */
  readonly keepEndedMs?: number;
  /** The most inputs of one transaction, 1–10,000. @defaultValue 500 */
  readonly batchSize?: number;
  /** How many commands a shard issues at once, each of another instance. 1–1,000. @defaultValue 32 */
  readonly concurrency?: number;
  /** How long one command may take, in milliseconds. Then it counts as failed for the outside's sake. @defaultValue 30,000 */
  readonly timeoutMs?: number;
  /**
   * How often a command is tried that fails for the outside's sake, and how long between tries. Then it is parked, until
   * `store.processes.retry`. @defaultValue 10 attempts, 100 ms to 60 s, twice as long each time, with jitter
   */
  readonly retry?: RetryOptions;
  /**
   * Whether an error of a command is the outside's, so that it is tried again; any other one that `decide` throws refuses the command.
   * @defaultValue errors with `retryable: true`, time-outs, and errors of the network, or of a machine without free ports, files or memory
   */
  readonly retryable?: (error: unknown) => boolean;
}
