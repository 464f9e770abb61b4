import type { Event, RecordedEvent } from "../model/event.ts";

/**
 * The result of a command.
 *
 * @example
 * ```ts
 * const result: CommandResult<CartState, CartEvent> = await handleCommand(store, cart, "cart-done", { kind: "add", sku: "tea" });
 * ```
 */
export interface CommandResult<State, E extends Event> {
  /** The state after the command's events. */
  readonly state: State;
  /** The stream's version after them. */
  readonly version: number;
  /** The position of the last of them; pass it to `waitFor` to wait for a projection. Undefined if nothing was decided. */
  readonly position: number | undefined;
  /** The events as they were stored. */
  readonly events: readonly RecordedEvent<E>[];
  /** How often the command was decided on: 1, plus 1 for each conflict. */
  readonly attempts: number;
}

/**
 * What a command did that is not tied to one stream, whose `version` it could tell.
 *
 * @example
 * ```ts
 * const { position }: StreamsResult<CartState, CartEvent> = await executeCommand(store, merge, { from: "cart-a", to: "cart-b" });
 * ```
 */
export type StreamsResult<State, E extends Event> = Omit<CommandResult<State, E>, "version">;

/** The result of a command that is tied to no stream, but for the number of its attempts. */
export type StreamsOutcome<State, E extends Event> = Omit<StreamsResult<State, E>, "attempts">;
