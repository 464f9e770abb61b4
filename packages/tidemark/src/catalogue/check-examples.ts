import { quoteStep } from "../arguments/describe-value.ts";
import { encodeJson } from "../arguments/json.ts";
import { isPromise } from "../arguments/promise.ts";
import { issuesText } from "../errors/catalogue.ts";
import { InvalidArgumentError, isTidemarkError } from "../errors/errors.ts";
import type { EventShape } from "./event-shape.ts";
import { issuesAt } from "./issue-path.ts";
import type { SchemaResult } from "./standard-schema.ts";
import { validate } from "./validate.ts";
import { StoredFormError } from "./stored-form.ts";

/** Refuses a definition whose examples do not fit it. Those of an asynchronous schema are left to `checkExamples`. */
export function checkExamplesNow(shape: EventShape, path: string): void {
  const values: unknown[] = [];
  for (const [index, example] of shape.examples.entries()) {
    const at = `${path}.examples[${index}]`;
    const result = resultOf(shape, example, at);
    if (isPromise(result)) return;
    values.push(checkExample(shape, result, at));
  }
  checkPaths(shape, values, path);
}

/** What the schema says of an example. */
export function resultOf({ schema }: EventShape, example: unknown, at: string): SchemaResult<unknown> | Promise<SchemaResult<unknown>> {
  try {
    return validate(schema, example);
  } catch (error) {
    throw new InvalidArgumentError(at, "could not be tried: the schema threw (see cause)", { cause: error });
  }
}

/** What the schema made of the example, which goes into the store and back. */
export function checkExample({ stored }: EventShape, result: SchemaResult<unknown>, at: string): unknown {
  if (result.issues) {
    const [first, ...others] = issuesAt(result.issues, at);
    const more = others.length === 0 ? "" : `; ${issuesText(others)}`;
    throw new InvalidArgumentError(first?.path ?? at, `is refused by the schema: ${first?.message ?? "it gives no reason"}${more}`);
  }
  try {
    const kept = stored ? stored.encode(result.value) : result.value;
    const json = encodeJson(kept, at);
    if (stored) stored.decode(JSON.parse(json));
    return result.value;
  } catch (error) {
    if (error instanceof StoredFormError)
      throw new InvalidArgumentError(at + error.place, `does not fit its codec in stored: ${error.message}`, { cause: error.cause });
    if (isTidemarkError(error, "INVALID_ARGUMENT"))
      throw new InvalidArgumentError(error.path, `${problemOf(error)}, or name its codec in stored, such as { at: asDate }`, { cause: error });
    throw error;
  }
}

function problemOf({ path, message }: InvalidArgumentError): string {
  return message.slice(path.length + 1);
}

/** A path that no example has is likely misspelt; nothing else would tell. */
export function checkPaths({ stored, examples }: EventShape, values: readonly unknown[], path: string): void {
  if (!stored || examples.length === 0) return;
  const [unused] = stored.unusedPaths(values);
  if (unused === undefined) return;
  throw new InvalidArgumentError(`${path}.stored${quoteStep(unused)}`, "is a path that no example has; correct it, or add an example with a value there");
}
