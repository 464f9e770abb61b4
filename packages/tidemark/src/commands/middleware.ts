import { checkFunction } from "../arguments/checks.ts";
import { checkOptions } from "../arguments/options.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { Event } from "../model/event.ts";
import type { CommandResult } from "./result.ts";

/**
 * One decision: a command on a state.
 *
 * @example
 * ```ts
 * export function describe({ streamId, attempt }: CommandCall): string {
 *   return `${streamId ?? "several streams"}, attempt ${attempt}`;
 * }
 * ```
 */
export interface CommandCall<State = unknown, Command = unknown> {
  readonly command: Command;
  /** The state before the command. */
  readonly state: State;
  /** Undefined if the command reads several streams. */
  readonly streamId: string | undefined;
  /** 1, plus 1 for each conflict. */
  readonly attempt: number;
}

/**
 * Runs around commands, for authorisation, logging or limits. Middleware that does not depend on a command's type fits every command.
 *
 * @example
 * ```ts
 * const logged: CommandMiddleware = { before: ({ streamId, attempt }) => console.debug(streamId, attempt) };
 * await handleCommand(store, cart, "cart-logged", { kind: "add", sku: "tea" }, { middleware: [logged] });
 * ```
 */
export interface CommandMiddleware<State = unknown, Command = unknown, E extends Event = Event> {
  /**
   * Runs before each decision, and again after a conflict on the new state. Throw to reject the command: the error reaches the caller
   * unchanged, and nothing is written. Return `"skip"` to decide nothing for this command; later middleware then does not see it. A
   * command whose `commandId` was handled before is not decided again, so this does not run.
   */
  before?(call: CommandCall<State, Command>): void | "skip" | Promise<void | "skip">;
  /**
   * Runs once, in the opposite order, after the events are written (in your own transaction, until it rolls back). An error thrown
   * here reaches the caller and undoes nothing. If there is a `before`, runs only if that ran for this command.
   */
  after?(result: Omit<CommandResult<State, E>, "version">): void | Promise<void>;
}

const shape = { before: checkFunction, after: checkFunction };

export function checkMiddleware(value: unknown, path: string): void {
  if (!Array.isArray(value)) throw new InvalidArgumentError(path, `must be an array of { before, after }, not ${describeValue(value)}`);
  for (let index = 0; index < value.length; index++) checkOptions(value[index], shape, `${path}[${index}]`);
}

/** What runs around one command, however often it is decided. What a middleware throws passes through. */
export class MiddlewareChain<State, Command, E extends Event> {
  readonly #all: readonly CommandMiddleware<State, Command, E>[];
  /** Those whose `before` ran: what it began, its `after` ends. */
  readonly #begun = new Set<CommandMiddleware<State, Command, E>>();

  constructor(all: readonly CommandMiddleware<State, Command, E>[]) {
    this.#all = all;
  }

  /** Whether a decision may be made. */
  async before(call: CommandCall<State, Command>): Promise<boolean> {
    for (const one of this.#all) {
      if (!one.before) continue;
      this.#begun.add(one);
      if ((await one.before(call)) === "skip") return false;
    }
    return true;
  }

  /** Tells what was done, and returns it. */
  async after<Result extends Omit<CommandResult<State, E>, "version">>(result: Result): Promise<Result> {
    for (const one of this.#all.toReversed()) if (!one.before || this.#begun.has(one)) await one.after?.(result);
    return result;
  }
}
