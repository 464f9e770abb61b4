import { describeValue } from "../arguments/describe-value.ts";
import { isPromise } from "../arguments/promise.ts";
import type { SchemaResult, StandardSchema } from "./standard-schema.ts";

/**
 * What a schema says of data; a promise of this process where it is asynchronous. An answer that Standard Schema does not know, such as
 * nothing, counts as a refusal: a schema with a flaw lets no data pass. What it throws passes through.
 */
export function validate(schema: StandardSchema, data: unknown): SchemaResult<unknown> | Promise<SchemaResult<unknown>> {
  const result: unknown = schema["~standard"].validate(data);
  // A library may have promises of its own, which those who wait for a Promise would take for the answer.
  return isPromise(result) ? Promise.resolve(result).then(answered) : answered(result);
}

function answered(result: unknown): SchemaResult<unknown> {
  if (isAnswer(result)) return result;
  const issues: unknown = typeof result === "object" && result !== null && "issues" in result ? result.issues : undefined;
  const problem =
    issues === undefined ? `${describeValue(result)} in place of { value } or { issues }` : `{ issues: ${describeValue(issues)} }, which is no list`;
  return { issues: [{ message: `the schema returned ${problem}` }] };
}

function isAnswer(result: unknown): result is SchemaResult<unknown> {
  return typeof result === "object" && result !== null && (!("issues" in result) || !result.issues || Array.isArray(result.issues));
}
