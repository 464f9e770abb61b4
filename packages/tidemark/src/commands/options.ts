import { checkSignal, wholeNumber } from "../arguments/checks.ts";
import { checkOptions } from "../arguments/options.ts";
import { show } from "../arguments/show.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { Event, EventMetadata } from "../model/event.ts";
import { checkMetadata } from "./metadata.ts";
import { type CommandMiddleware, checkMiddleware } from "./middleware.ts";

export interface CommandOptions<State = unknown, Command = unknown, E extends Event = Event> {
  /**
   * How often to decide at most when other writers come between, 1 to 1,000. Default 10, with a pause of 5 to 250 ms that
   * doubles and is drawn at random. `false`: once.
   */
  readonly retry?: { readonly attempts?: number } | false;
  /** For every event of the command; a key that an event has keeps its value. */
  readonly metadata?: EventMetadata;
  /**
   * The command's own id, 1–256 bytes of text, such as a request's idempotency key: a command with an id is carried out once.
   * Handled again, it writes nothing and returns what it did the first time.
   *
   * It belongs to the kind and `name` of the decider and to what the command is about: the stream; the streams that `reads` names in
   * the initial state; or the query and `streamId`. Whatever differs there is another command. Commands that agree in all of that need
   * different ids, those of two deciders without a `name` too. The events get ids made of it, so that `decide` must give them none,
   * and `metadata.commandId`.
   */
  readonly commandId?: string;
  /** What runs before each decision and after the command: the first is the outermost. */
  readonly middleware?: readonly CommandMiddleware<State, Command, E>[];
  /** Aborts the call. It rejects with `signal.reason` if nothing was written, otherwise with its outcome. */
  readonly signal?: AbortSignal;
}

/** Options as a command is run with them. */
export interface ValidCommandOptions<State, Command, E extends Event> {
  readonly attempts: number;
  readonly metadata: EventMetadata | undefined;
  readonly commandId: string | undefined;
  readonly middleware: readonly CommandMiddleware<State, Command, E>[];
  readonly signal: AbortSignal | undefined;
}

const defaultAttempts = 10;
const attemptsShape = { attempts: wholeNumber(1, 1_000) };
const shape = { retry: checkRetry, metadata: checkMetadata, commandId: checkCommandId, middleware: checkMiddleware, signal: checkSignal };

export function checkCommandOptions<State, Command, E extends Event>(
  options: CommandOptions<State, Command, E> | undefined,
): ValidCommandOptions<State, Command, E> {
  const { retry, metadata, commandId, signal } = checkOptions(options, shape);
  return { attempts: retry ?? defaultAttempts, metadata, commandId, middleware: options?.middleware ?? [], signal };
}

/** The option `retry` as a number of attempts. */
export function checkRetry(value: unknown, path: string): number {
  return value === false ? 1 : (checkOptions(value, attemptsShape, path).attempts ?? defaultAttempts);
}

function checkCommandId(value: unknown, path: string): string {
  if (typeof value === "string" && value !== "" && Buffer.byteLength(value) <= 256) return value;
  throw new InvalidArgumentError(path, `must be a text of 1 to 256 bytes, not ${show(value)}`);
}
