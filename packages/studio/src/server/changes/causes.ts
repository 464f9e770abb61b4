import type { DeadLetter } from "tidemark";

/** Why a letter is one, without what is of this letter alone: numbers, ids and what stands in quotes. Letters with one cause are one group. */
export function causeOf({ error }: Pick<DeadLetter, "error">): string {
  if (!error) return "";
  return error.message
    .slice(0, 500)
    .replaceAll(/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/gi, "…")
    .replaceAll(/"[^"]*"|'[^']*'|\d+/g, "…");
}

/** So many letters are looked at to group them, or to retry a group. */
export const mostLetters = 1_000;
