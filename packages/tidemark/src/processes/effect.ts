import type { BoundaryDecider, Decider, MultiStreamDecider } from "../commands/decider.ts";
import type { Event, NewEvent } from "../model/event.ts";

/**
 * One thing that a process wants done: what `command`, `append`, `timer`, `cancelTimer` and `complete` return. Nothing happens until
 * `react` or an `orElse` returns it.
 *
 * @typeParam State - What an `orElse` in it is called with.
 *
 * @example
 * ```ts
 * const effects: Effect[] = [timer("payment", { in: 900_000 }, { type: "PaymentTimedOut", data: {} }), cancelTimer("reminder")];
 * ```
 */
export type Effect<State = unknown> = CommandEffect<State> | AppendEffect | TimerEffect | CancelTimerEffect | CompleteEffect;

/**
 * What to do once a command was refused for good: the error that `decide` threw, and the process's state as it is then. It must be pure.
 *
 * @example
 * ```ts
 * const orElse: OrElse = (error) => [append("complaints", [{ type: "Refused", data: { why: String(error) } }])];
 * ```
 */
export type OrElse<State = unknown> = (error: unknown, state: State) => readonly Effect<State>[];

/**
 * Options of `command`.
 *
 * @example
 * ```ts
 * const options: CommandEffectOptions = { orElse: () => [complete()] };
 * ```
 */
export interface CommandEffectOptions<State = unknown> {
  /** Called when the decider refused the command: it threw. Without it the refusal is recorded, and the process goes on. */
  readonly orElse?: OrElse<State>;
}

/**
 * A command, as `command` returns it.
 *
 * @example
 * ```ts
 * const effect: CommandEffect = command(cart, "cart-42", { kind: "confirm" });
 * ```
 */
export interface CommandEffect<State = unknown> {
  readonly effect: "command";
  readonly decider: AnyDecider;
  /** Of a decider of one stream. */
  readonly streamId: string | undefined;
  readonly command: unknown;
  readonly orElse: OrElse<State> | undefined;
}

/**
 * Events to append, as `append` returns them.
 *
 * @example
 * ```ts
 * const effect: AppendEffect = append("audit-1", [{ type: "OrderSeen", data: {} }]);
 * ```
 */
export interface AppendEffect {
  readonly effect: "append";
  readonly streamId: string;
  readonly events: readonly NewEvent[];
}

/**
 * When a timer is due: so many milliseconds after its input is recorded, by the database's clock, or at a moment.
 *
 * @example
 * ```ts
 * const due: TimerDue = { at: new Date("2027-01-01T09:00:00Z") };
 * ```
 */
export type TimerDue = { readonly in: number; readonly at?: undefined } | { readonly at: Date; readonly in?: undefined };

/**
 * A timer to set, as `timer` returns it.
 *
 * @example
 * ```ts
 * const effect: TimerEffect = timer("payment", { in: 900_000 }, { type: "PaymentTimedOut", data: {} });
 * ```
 */
export interface TimerEffect {
  readonly effect: "timer";
  readonly key: string;
  readonly due: TimerDue;
  readonly event: NewEvent;
}

/**
 * A timer to cancel, as `cancelTimer` returns it.
 *
 * @example
 * ```ts
 * const effect: CancelTimerEffect = cancelTimer("payment");
 * ```
 */
export interface CancelTimerEffect {
  readonly effect: "cancel-timer";
  readonly key: string;
}

/**
 * The end of an instance, as `complete` returns it.
 *
 * @example
 * ```ts
 * const effect: CompleteEffect = complete();
 * ```
 */
export interface CompleteEffect {
  readonly effect: "complete";
}

/** What handleCommand or executeCommand takes, with its types forgotten: only the function that made the effect knew them. */
export type AnyDecider =
  | Decider<unknown, unknown, Event, Event>
  | MultiStreamDecider<unknown, unknown, Event, Event>
  | BoundaryDecider<unknown, unknown, Event, Event>;

/**
 * Has a command decided and its events appended, once the input that led to it is recorded. It is decided by `handleCommand`, or by
 * `executeCommand` for a decider with `reads` or `query`, under an id of the process's: whatever is killed, its events are written once.
 *
 * The commands of one instance are issued in the order in which `react` returned them; the next one waits for the one before. Commands of
 * different instances run side by side. The command is stored as JSON until it is issued, so it may hold nothing that JSON changes.
 *
 * @param decider - A decider of one stream; or one with `reads` or `query`, which takes no `streamId`.
 * @param options - `orElse`: what to do if `decide` throws.
 *
 * @example
 * ```ts
 * const effect = command(cart, "cart-42", { kind: "confirm" }, { orElse: () => [complete()] });
 * ```
 */
export function command<S, Command, E extends Event, State = unknown>(
  decider: Decider<S, Command, E, Event>,
  streamId: string,
  command: NoInfer<Command>,
  options?: CommandEffectOptions<State>,
): CommandEffect<State>;
export function command<S, Command, E extends Event, State = unknown>(
  decider: MultiStreamDecider<S, Command, E, Event> | BoundaryDecider<S, Command, E, Event>,
  command: NoInfer<Command>,
  options?: CommandEffectOptions<State>,
): CommandEffect<State>;
export function command(decider: object, ...rest: readonly unknown[]): CommandEffect {
  const [streamId, command, options] = "reads" in decider || "query" in decider ? [undefined, ...rest] : rest;
  return Object.freeze(commandEffect(decider, streamId, command, options));
}

/** As it was given: `react`'s result is checked as a whole, where a mistake can be told of as the process's. */
function commandEffect(decider: object, streamId: unknown, command: unknown, options: unknown): CommandEffect {
  const orElse = typeof options === "object" && options !== null && "orElse" in options ? options.orElse : undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- checked by checkEffects
  return { effect: "command", decider, streamId, command, orElse } as CommandEffect;
}

/**
 * Appends events to a stream, once the input that led to them is recorded. They are written once, under ids of the process's. An event
 * that was read is copied: with its type, data, tags and metadata, under an id of its own.
 *
 * @param streamId - 1–512 bytes of UTF-8 without control characters.
 *
 * @example
 * ```ts
 * const effect = append("audit-1", [{ type: "OrderSeen", data: { orderId: "42" } }]);
 * ```
 */
export function append<E extends Event = Event>(streamId: string, events: readonly NoInfer<NewEvent<E>>[]): AppendEffect {
  return Object.freeze({ effect: "append", streamId, events });
}

/**
 * Sets a timer of this instance, in the transaction of the input. When it is due by the database's clock, its event becomes an input of
 * the instance, exactly once. A timer with the same key replaces the one before. `complete` cancels all of them.
 *
 * @param key - 1–256 bytes; it belongs to the instance.
 * @param due - `{ in: milliseconds }`, counted from the moment at which the input is recorded, or `{ at: date }`.
 * @param event - What to append then, to the instance's own stream. Its type must be one that the process `handles`.
 *
 * @example
 * ```ts
 * const effect = timer("payment", { in: 900_000 }, { type: "PaymentTimedOut", data: {} });
 * ```
 */
export function timer<E extends Event = Event>(key: string, due: { readonly in: number } | { readonly at: Date }, event: NoInfer<NewEvent<E>>): TimerEffect {
  return Object.freeze({ effect: "timer", key, due, event });
}

/**
 * Cancels a timer of this instance, in the transaction of the input. A timer that is not set is no error.
 *
 * @example
 * ```ts
 * const effect = cancelTimer("payment");
 * ```
 */
export function cancelTimer(key: string): CancelTimerEffect {
  return Object.freeze({ effect: "cancel-timer", key });
}

/**
 * Ends the instance, in the transaction of the input: its timers are cancelled, and what comes later starts nothing. Commands that were
 * returned before, or beside it, are still issued.
 *
 * @example
 * ```ts
 * const effect = complete();
 * ```
 */
export function complete(): CompleteEffect {
  return Object.freeze({ effect: "complete" });
}
