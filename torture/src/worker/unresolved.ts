import type { AppendCall } from "../history/entry.ts";
import { readHistory } from "../history/read.ts";

/** Operations that a successor can send again as one append: a transaction of several appends is not one. */
const repeatable = new Set([
  "append to a stream",
  "append to several streams",
  "append and check other streams",
  "append at a limit",
  "append on a condition",
  "append shapes",
  "errand",
  "decide on shapes",
  "race for a new stream",
  "append again",
]);

/** The appends of a history that nobody knows the outcome of: unanswered, or cut off by the death of their process. */
export function unresolvedIn(file: string | undefined): AppendCall[] {
  if (file === undefined) return [];
  const open = new Map<number, AppendCall>();
  for (const entry of readHistory(file)) {
    if (entry.t === "invoke" && entry.call.kind === "append") open.set(entry.op, entry.call);
    else if (entry.t === "ok" || entry.t === "fail") open.delete(entry.op);
  }
  return [...open.values()].filter(isRepeatable);
}

export function isRepeatable({ how }: AppendCall): boolean {
  return repeatable.has(how);
}
