import { describeValue } from "../arguments/describe-value.ts";
import type { TidemarkError } from "../errors/tidemark-error.ts";
import { DatabaseError } from "../errors/database.ts";
import { isTidemarkError } from "../errors/errors.ts";

/** An error as a dead letter and a shard's state keep it. */
export interface ErrorDetails {
  readonly code: string | null;
  readonly message: string;
  readonly stack: string | null;
}

const maxMessage = 4_000;
const maxStack = 16_000;

/** What is kept of an error. Anything can be thrown: a string, undefined, an object whose getters throw. Control characters that PostgreSQL refuses go. */
export function errorDetails(thrown: unknown): ErrorDetails {
  try {
    if (!(thrown instanceof Error))
      return { code: null, message: printable(typeof thrown === "string" ? thrown : describeValue(thrown), maxMessage), stack: null };
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

/** What a seam rejects with is the library's own; anything else is an answer that could not be read. */
export function asTidemarkError(error: unknown): TidemarkError {
  if (isTidemarkError(error)) return error;
  return new DatabaseError(`The database's answer could not be read: ${errorDetails(error).message}`, { sqlState: "XX000", cause: error });
}
