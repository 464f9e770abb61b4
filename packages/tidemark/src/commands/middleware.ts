import { checkFunction } from "../arguments/checks.ts";
import { checkOptions } from "../arguments/options.ts";
import { show } from "../arguments/show.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { Event } from "../model/event.ts";
import type { CommandResult } from "./result.ts";

/** One decision: a command on a state. */
export interface CommandCall<State = unknown, Command = unknown> {
  readonly command: Command;
  /** The state that the command is decided on. */
  readonly state: State;
  /** Undefined where a command reads several streams. */
  readonly streamId: string | undefined;
  /** 1, and 1 more for each conflict. */
  readonly attempt: number;
}

/** What runs around commands: authorisation, logging, limits. One that knows no command in particular fits every command. */
export interface CommandMiddleware<State = unknown, Command = unknown, E extends Event = Event> {
  /**
   * Runs before each decision, so again after a conflict, on the new state. Throw to reject the command: the error reaches the
   * caller as it is, and nothing is written. Return `"skip"` to decide nothing for this command; later middleware does not
   * see it then. A command whose `commandId` was handled before is decided no more, and comes here no more.
   */
  before?(call: CommandCall<State, Command>): void | "skip" | Promise<void | "skip">;
  /**
   * Runs once, in the opposite order, when all is done: the events stand (in a transaction of yours, as far as it does). An
   * error thrown here reaches the caller, and undoes nothing. Where there is a `before`, only if that ran for this command.
   */
  after?(result: Omit<CommandResult<State, E>, "version">): void | Promise<void>;
}

const shape = { before: checkFunction, after: checkFunction };

export function checkMiddleware(value: unknown, path: string): void {
  if (!Array.isArray(value)) throw new InvalidArgumentError(path, `must be an array of { before, after }, not ${show(value)}`);
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
