import { checkFunction } from "../arguments/checks.ts";
import { checkCategory, checkDeciderName, checkStreamId } from "../arguments/names.ts";
import { checkOptions, isRecord } from "../arguments/options.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { Event, EventOf, NewEvent } from "../model/event.ts";
import { checkInitialState, checkState } from "../read/evolve.ts";
import { checkSnapshotOptions, type SnapshotOptions } from "./snapshots/options.ts";

/**
 * A handler for each type of event, which returns the state after it. The compiler finds a missing one.
 *
 * @example
 * ```ts
 * const evolve: Evolution<number, CartEvent> = {
 *   ItemAdded: (items, event) => items + event.data.quantity,
 *   CartConfirmed: (items) => items,
 * };
 * ```
 */
export type Evolution<State, E extends Event> = { readonly [Type in E["type"]]: (state: State, event: EventOf<E, Type>) => State };

/**
 * What `aggregate` takes.
 *
 * @example
 * ```ts
 * const definition: AggregateDefinition<number, Event<"Counted", { by: number }>> = {
 *   category: "counter",
 *   initialState: () => 0,
 *   evolve: { Counted: (total, event) => total + event.data.by },
 * };
 * ```
 */
export interface AggregateDefinition<State, E extends Event> {
  /** The beginning of its stream ids: `order` for `order-1`. Contains no `-`. */
  readonly category: string;
  /** Returns the state without events. Return a new object at every call, because a handler may change it in place. */
  readonly initialState: () => State;
  readonly evolve: Evolution<State, E>;
  /** When to store a snapshot of the state, as for deciders, under `name`. Never changes a result. */
  readonly snapshot?: SnapshotOptions<State>;
  /** The name of its snapshots, 1–256 bytes. Needed if two classes of one category have snapshots. @defaultValue the category */
  readonly name?: string;
}

/**
 * Where an aggregate was loaded.
 *
 * @example
 * ```ts
 * const history: AggregateHistory<{ shipped: boolean }> = { state: { shipped: true }, version: 3 };
 * ```
 */
export interface AggregateHistory<State> {
  readonly state: State;
  readonly version: number;
}

/**
 * A class to extend, or one that does.
 *
 * @example
 * ```ts
 * export function categoryOf<State, E extends Event>(type: AggregateClass<State, E>): string {
 *   return type.definition.category;
 * }
 * ```
 */
export interface AggregateClass<State, E extends Event, A extends Aggregate<State, E> = Aggregate<State, E>> {
  new (id: string, history?: AggregateHistory<State>): A;
  readonly definition: AggregateDefinition<State, E>;
}

/**
 * An object with an identity, a state, and events that are not saved yet. Extend `aggregate(…)`, not this class.
 *
 * @example
 * ```ts
 * export function unsaved<State, E extends Event>(aggregate: Aggregate<State, E>): number {
 *   return aggregate.pending.length;
 * }
 * ```
 */
export abstract class Aggregate<State, E extends Event> {
  /** The part of the stream's id after `category-`. */
  readonly id: string;
  readonly streamId: string;
  readonly #definition: AggregateDefinition<State, E>;
  #state: State;
  #savedVersion: number;
  #pending: readonly NewEvent<E>[] = [];

  constructor(definition: AggregateDefinition<State, E>, id: string, history?: AggregateHistory<State>) {
    this.id = id;
    this.streamId = streamIdOf(definition, id);
    this.#definition = definition;
    this.#state = history ? history.state : checkInitialState(definition.initialState());
    this.#savedVersion = history?.version ?? 0;
  }

  /** The state, including events that are not saved yet. */
  get state(): State {
    return this.#state;
  }

  /** The version of the stream without the events that are not saved yet; 0 for a new one. */
  get version(): number {
    return this.#savedVersion;
  }

  /** The events that are not saved yet. */
  get pending(): readonly NewEvent<E>[] {
    return this.#pending;
  }

  /**
   * Changes the state by an event, and collects the event for `save`. Call it in the methods of the class. The state gets the data as it is
   * given here. What a catalogue's schema fills in is in the state once the aggregate is loaded again.
   */
  protected apply(event: NewEvent<E>): void {
    this.#state = evolveBy(this.#definition, this.streamId, this.#state, event);
    this.#pending = [...this.#pending, event];
  }

  /**
   * Makes events pending again that were saved in a transaction that rolled back: the stream is at `version` without them.
   * Repositories call it.
   */
  markUnsaved(events: readonly NewEvent<E>[], version: number): void {
    this.#pending = [...events, ...this.#pending];
    this.#savedVersion = version;
  }

  /** Gives pending events other ids: of an append whose outcome is unknown, so that saving again writes nothing twice. */
  markSent(ids: readonly string[]): void {
    this.#pending = this.#pending.map((event, index) => {
      const id = ids[index];
      return id === undefined ? event : { ...event, id };
    });
  }

  /**
   * Tells that the first `count` pending events stand in the stream, which is at `version` now. Repositories call it.
   *
   * @param state - Of the stream at `version`, where that is not what this aggregate makes of it: events that it applied had been there
   *   before.
   */
  markSaved(count: number, version: number, state?: { readonly of: State }): void {
    this.#pending = this.#pending.slice(count);
    this.#savedVersion = version;
    if (state) this.#state = this.#pending.reduce<State>((before, event) => evolveBy(this.#definition, this.streamId, before, event), state.of);
  }
}

const shape = { category: checkCategory, initialState: checkFunction, evolve: checkEvolution, snapshot: checkSnapshotOptions, name: checkDeciderName };

/**
 * Returns the base of an aggregate class: `class Order extends aggregate<OrderState, OrderEvent>({ … }) { ship() { this.apply(…); }
 * }`. Its methods check `this.state`, throw to reject, and `apply` events. Load and save with a `repository`.
 *
 * @throws {@link InvalidArgumentError} — a part of the definition is missing or invalid.
 *
 * @example
 * ```ts
 * class Order extends aggregate<{ shipped: boolean }, Event<"OrderShipped", { parcel: string }>>({
 *   category: "order",
 *   initialState: () => ({ shipped: false }),
 *   evolve: { OrderShipped: () => ({ shipped: true }) },
 * }) {
 *   ship(parcel: string): void {
 *     this.apply({ type: "OrderShipped", data: { parcel } });
 *   }
 * }
 * const order = new Order("1");
 * order.ship("T-1");
 * ```
 */
export function aggregate<State, E extends Event>(definition: AggregateDefinition<State, E>): AggregateClass<State, E> {
  const checked = checkOptions(definition, shape, "definition");
  for (const key of ["category", "initialState", "evolve"] as const) {
    if (checked[key] === undefined) throw new InvalidArgumentError(`definition.${key}`, "is missing");
  }
  return class extends Aggregate<State, E> {
    static readonly definition = definition;

    constructor(id: string, history?: AggregateHistory<State>) {
      super(definition, id, history);
    }
  };
}

/** @throws {@link InvalidArgumentError} — not a class that extends what `aggregate` returned. */
export function checkAggregateClass<A extends object>(value: unknown): asserts value is AggregateClass<unknown, Event, Aggregate<unknown, Event> & A> {
  if (typeof value === "function" && value.prototype instanceof Aggregate && "definition" in value) return;
  throw new InvalidArgumentError("type", `must be a class that extends what aggregate returns, not ${describeValue(value)}`);
}

export function streamIdOf({ category }: { readonly category: string }, id: string): string {
  if (typeof id !== "string" || id === "") throw new InvalidArgumentError("id", `must be what follows "${category}-" in a stream id, not ${describeValue(id)}`);
  return checkStreamId(`${category}-${id}`, "id");
}

/** The state after an event, stored or new. */
export function evolveBy<State, E extends Event>({ evolve }: AggregateDefinition<State, E>, streamId: string, state: State, event: E): State {
  const handler = handlerOf(evolve, event.type);
  if (handler) return checkState(handler(state, event), event, `definition.evolve.${event.type}`);
  throw new InvalidArgumentError(
    "definition.evolve",
    `has no handler for the type ${describeValue(event.type)}, which is in stream ${describeValue(streamId)}; add one, such as (state) => state to ignore it`,
  );
}

/** The handler of a type takes events of that type, and of no other: a fact about each entry that a type cannot keep once it is looked up. */
function handlerOf<State, E extends Event>(evolve: Evolution<State, E>, type: string): ((state: State, event: E) => State) | undefined {
  const handlers: Readonly<Record<string, unknown>> = evolve;
  return Object.hasOwn(handlers, type) ? checkFunction<(state: State, event: E) => State>(handlers[type], `definition.evolve.${type}`) : undefined;
}

function checkEvolution(value: unknown, path: string): unknown {
  if (!isRecord(value)) throw new InvalidArgumentError(path, `must be an object with a function for each event type, not ${describeValue(value)}`);
  for (const [type, handler] of Object.entries(value)) checkFunction(handler, `${path}.${type}`);
  return value;
}
