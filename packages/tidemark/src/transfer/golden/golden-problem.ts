import { quoteText } from "../../arguments/describe-value.ts";
import { differenceText, type JsonDifference } from "./json-difference.ts";

/**
 * What is wrong with golden files, or with today's code. `changed`: an entry is read otherwise. `unreadable`: it cannot be read. `unread`:
 * somebody wrote it by hand, without what it becomes. `missing`: a version, or a retired type, has no entry. `unrecorded`: an example has
 * none. `example`: an example cannot be stored.
 */
export interface GoldenProblem {
  readonly kind: "changed" | "unreadable" | "unread" | "missing" | "unrecorded" | "example";
  readonly type: string;
  /** Undefined for a retired type without entries. */
  readonly schemaVersion: number | undefined;
  readonly message: string;
  readonly differences?: readonly JsonDifference[];
}

/** So many differences of an entry are told: an event that has become another differs everywhere. */
const toldDifferences = 20;

/** A problem for people, its first line with the type and version. */
export function problemText({ type, schemaVersion, message, differences = [] }: GoldenProblem): string {
  const told = differences.slice(0, toldDifferences).map((difference) => `  ${differenceText(difference)}`);
  const more = differences.length - told.length;
  return [`${quoteText(type)}${schemaVersion === undefined ? "" : ` ${schemaVersion}`}: ${message}`, ...told, ...(more > 0 ? [`  and ${more} more`] : [])].join(
    "\n",
  );
}
