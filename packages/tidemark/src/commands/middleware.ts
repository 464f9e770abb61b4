import { checkFunction } from "../arguments/checks.ts";
import { checkOptions } from "../arguments/options.ts";
import { show } from "../arguments/show.ts";
import { InvalidArgumentError } from "../errors.ts";
import type { Event } from "../event.ts";
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
   * see it then.
   */
  before?(call: CommandCall<State, Command>): void | "skip" | Promise<void | "skip">;
  /**
   * Runs once, in the opposite order, when all is done: the events stand (in a transaction of yours, as far as it does). An
   * error thrown here reaches the caller, and undoes nothing.
   */
  after?(result: Omit<CommandResult<State, E>, "version">): void | Promise<void>;
}

const shape = { before: checkFunction, after: checkFunction };

export function checkMiddleware(value: unknown, path: string): void {
  if (!Array.isArray(value)) throw new InvalidArgumentError(path, `must be an array of { before, after }, not ${show(value)}`);
  for (let index = 0; index < value.length; index++) checkOptions(value[index], shape, `${path}[${index}]`);
}

/** Whether a decision may be made. What a middleware throws passes through. */
export async function passesBefore<State, Command, E extends Event>(
  middleware: readonly CommandMiddleware<State, Command, E>[],
  call: CommandCall<State, Command>,
): Promise<boolean> {
  for (const one of middleware) if ((await one.before?.(call)) === "skip") return false;
  return true;
}

/** Tells every middleware what was done, and returns it. */
export async function tellAfter<State, Command, E extends Event, Result extends Omit<CommandResult<State, E>, "version">>(
  middleware: readonly CommandMiddleware<State, Command, E>[],
  result: Result,
): Promise<Result> {
  for (const one of middleware.toReversed()) await one.after?.(result);
  return result;
}
