import { show } from "../arguments/show.ts";
import { TidemarkError } from "../error.ts";
import { FencedError } from "../errors-following.ts";
import { ConnectionError, DatabaseError, isTidemarkError, OutcomeUnknownError, PoolTimeoutError } from "../errors.ts";

/** An error as a dead letter and a shard's state keep it. */
export interface Told {
  readonly code: string | null;
  readonly message: string;
  readonly stack: string | null;
}

const maxMessage = 4_000;
const maxStack = 16_000;

/** Anything can be thrown: a string, undefined, an object whose getters throw. Control characters that PostgreSQL refuses go. */
export function tell(thrown: unknown): Told {
  try {
    if (!(thrown instanceof Error)) return { code: null, message: printable(typeof thrown === "string" ? thrown : show(thrown), maxMessage), stack: null };
    const code: unknown = Reflect.get(thrown, "code");
    return {
      code: typeof code === "string" || typeof code === "number" ? printable(`${code}`, 100) : null,
      message: printable(thrown.message || thrown.name, maxMessage),
      stack: typeof thrown.stack === "string" ? printable(thrown.stack, maxStack) : null,
    };
  } catch {
    return { code: null, message: "an error that could not be read", stack: null };
  }
}

function printable(text: string, max: number): string {
  return text.slice(0, max).toWellFormed().replaceAll("\u0000", "\ufffd");
}

/** The consumer's handler failed: the event's fault, or that of what the handler called. */
export class HandlerFailure extends TidemarkError {
  declare readonly code: "HANDLER_FAILED";

  constructor(consumer: string, shard: number, position: number, what: string, cause: unknown) {
    super(
      "HANDLER_FAILED",
      `${JSON.stringify(consumer)} could not handle the event at position ${position} (shard ${shard}): ${tell(cause).message}. ${what}`,
      {
        cause,
      },
    );
  }
}

/**
 * Whether the database, not the event, is at fault: the connection broke, the pool ran dry, the server refuses for now. The
 * event is handled again from the checkpoint on, however often, and never given up for it.
 */
export function isOutage(error: unknown): boolean {
  if (error instanceof ConnectionError || error instanceof PoolTimeoutError || error instanceof OutcomeUnknownError) return true;
  return error instanceof DatabaseError && (error.retryable || error.sqlState === "25006" || error.sqlState === "25P03" || error.sqlState === "25P04");
}

/** The shard's rows are not where this worker left them: `position` is where they stand, undefined where they are gone. */
export function refusedShard(error: unknown): { readonly fence: number | undefined; readonly position: number | undefined } | undefined {
  if (!isTidemarkError(error, "DATABASE") || error.sqlState !== "TM005") return undefined;
  const detail: unknown = error.cause instanceof Error ? Reflect.get(error.cause, "detail") : undefined;
  const now: unknown = typeof detail === "string" ? JSON.parse(detail) : {};
  const field = (name: string): number | undefined => {
    const value: unknown = typeof now === "object" && now !== null ? Reflect.get(now, name) : undefined;
    return typeof value === "number" ? value : undefined;
  };
  return { fence: field("fence"), position: field("position") };
}

/** The library's own errors as they are; others under a name. */
export function asTidemarkError(error: unknown, context: string): TidemarkError {
  if (isTidemarkError(error)) return error;
  return new TidemarkError("HANDLER_FAILED", `${context}: ${tell(error).message}`, { cause: error });
}

export function isFenced(error: unknown): error is FencedError {
  return error instanceof FencedError;
}
