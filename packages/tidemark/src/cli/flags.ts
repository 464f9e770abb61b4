import { InvalidArgumentError as InvalidOptionError } from "commander";
import { parseJson } from "./json-text.ts";

/** A whole number. */
export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) throw new InvalidOptionError(`It must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}.`);
  return number;
}

/** A position to continue after, or the end of the log. */
export function place(text: string): number | "end" {
  if (text === "beginning") return 0;
  if (text === "end") return "end";
  if (!/^\d+$/.test(text)) throw new InvalidOptionError("It must be a position, beginning or end.");
  return wholeNumber(text);
}

/** For an option that can be given several times. */
export function collect(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, text];
}

/** A JSON document. */
export function json(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new InvalidOptionError(error instanceof Error ? error.message : String(error));
  }
}

/** A moment as ISO 8601 writes it. Without a zone it would depend on the machine. */
export function moment(text: string): Date {
  const [date] = /^\d{4}-\d{2}-\d{2}(?=$|T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$)/.exec(text) ?? [];
  const at = new Date(text);
  // The 30th of February is the 2nd of March to a Date.
  if (date === undefined || Number.isNaN(at.getTime()) || new Date(date).toISOString().slice(0, 10) !== date)
    throw new InvalidOptionError("It must be a date or a time with its zone, such as 2026-11-20 (its first moment in UTC) or 2026-11-20T10:00:00Z.");
  return at;
}

/** Options without those that were not given. */
export function given<T extends object>(options: T): { [Option in keyof T]?: Exclude<T[Option], undefined> } {
  const present: { [Option in keyof T]?: Exclude<T[Option], undefined> } = {};
  for (const option in options) {
    const value = options[option];
    if (isGiven(value)) present[option] = value;
  }
  return present;
}

function isGiven<T>(value: T): value is Exclude<T, undefined> {
  return value !== undefined;
}
