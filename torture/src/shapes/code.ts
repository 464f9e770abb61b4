/**
 * Which code a process runs. `before`: without a catalogue. `yesterday`: with the first one, which passes what it does not know. `today`:
 * with the one that renames, splits and drops types.
 */
export type Code = "before" | "yesterday" | "today";

const codes: readonly [Code, ...Code[]] = ["before", "yesterday", "today", "today"];

/** A worker that takes another's place runs the same code: it sends the same appends again. */
export function codeOf(worker: number): Code {
  return codes[worker % codes.length] ?? codes[0];
}

/**
 * How a reader gets events: as they are stored, which is all that code before today's can; in today's shapes; or in today's shapes by
 * code that still knows the first version of `LineAdded`.
 */
export type Reading = "stored" | "today" | "today, lines as before";

export function readingOf(code: Code): Reading {
  return code === "today" ? "today" : "stored";
}
