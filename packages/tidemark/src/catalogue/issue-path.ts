import { quoteStep } from "../arguments/describe-value.ts";
import type { EventIssue } from "../errors/catalogue.ts";
import type { SchemaIssue } from "./standard-schema.ts";

/** A schema's issues with their places in the call: `events[2].data.lines[0].sku`. */
export function issuesAt(issues: readonly SchemaIssue[], path: string): readonly EventIssue[] {
  return issues.map((issue) => ({ path: path + placeOf(issue), message: issue.message }));
}

function placeOf({ path = [] }: SchemaIssue): string {
  return path
    .map((step) => (typeof step === "object" ? step.key : step))
    .map((key) => quoteStep(typeof key === "symbol" ? String(key) : key))
    .join("");
}
