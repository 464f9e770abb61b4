import { quoteStep } from "../arguments/describe-value.ts";
import { isRecord } from "../arguments/options.ts";
import type { EventIssue } from "../errors/catalogue.ts";
import type { SchemaIssue } from "./standard-schema.ts";

const unexplained = "the schema refuses it without a reason";

/** A schema's issues with their places in the call: `events[2].data.lines[0].sku`. */
export function issuesAt(issues: readonly SchemaIssue[], path: string): readonly EventIssue[] {
  const told = issues.map((issue: unknown) => ({ path: path + placeOf(issue), message: messageOf(issue) }));
  return told.length > 0 ? told : [{ path, message: unexplained }];
}

/** Schemas are other people's code: one that explains itself badly still refuses. */
function messageOf(issue: unknown): string {
  return isRecord(issue) && typeof issue["message"] === "string" ? issue["message"] : unexplained;
}

function placeOf(issue: unknown): string {
  const path: unknown = isRecord(issue) ? issue["path"] : undefined;
  if (!Array.isArray(path)) return "";
  return path
    .map((step: unknown) => (isRecord(step) ? step["key"] : step))
    .map((key) => quoteStep(typeof key === "number" ? key : String(key)))
    .join("");
}
