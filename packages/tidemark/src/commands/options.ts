import { checkSignal, wholeNumber } from "../arguments/checks.ts";
import { checkOptions } from "../arguments/options.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { Event, EventMetadata } from "../model/event.ts";
import { checkMetadata } from "./metadata.ts";
import { type CommandMiddleware, checkMiddleware } from "./middleware.ts";

/**
 * Options of `handleCommand` and `executeCommand`.
 *
 * @example
 * ```ts
 * const options: CommandOptions = { retry: { attempts: 3 }, commandId: "request-7", metadata: { actorId: "ada" } };
 * ```
 */
export interface CommandOptions<State = unknown, Command = unknown, E extends Event = Event> {
  /**
   * The most attempts when other writers come in between, 1 to 1,000. `false`: one attempt.
   * @defaultValue 10, with a random pause of 5 to 250 ms that grows with each attempt
   */
  readonly retry?: { readonly attempts?: number } | false;
  /** Metadata for every event of the command. Keys that an event has keep their values. */
  readonly metadata?: EventMetadata;
  /**
   * The command's id, 1–256 bytes of text, such as a request's idempotency key. A command with an id is carried out once. If it is
   * handled again, it writes nothing and returns what it returned the first time.
   *
   * It belongs to the kind and `name` of the decider and to what the command is about: the stream, the streams that `reads` names in
   * the initial state, or the query and `streamId`. If any of these differ, it is another command. Otherwise commands need different
   * ids, including those of two deciders without a `name`. Event ids are derived from it, so `decide` must not set any. The events get
   * it as `metadata.commandId`.
   */
  readonly commandId?: string;
  /** Runs before each decision and after the command. The first is the outermost. */
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
  throw new InvalidArgumentError(path, `must be a text of 1 to 256 bytes, not ${describeValue(value)}`);
}
