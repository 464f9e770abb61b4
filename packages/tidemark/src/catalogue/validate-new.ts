import { copyOfData } from "./copy-of-data.ts";
import type { SchemaResult, StandardSchema } from "./standard-schema.ts";
import { validate } from "./validate.ts";

/** How each schema has answered so far. One that once answered later counts as asynchronous for good. */
const answers = new WeakMap<StandardSchema, "at once" | "later">();

/**
 * What a schema says of new data, as it is at the call. An asynchronous schema gets a copy, because the caller may change its object, or use
 * it again, while the schema works. One that is known to answer at once gets the object itself: a copy would cost more than most schemas.
 */
export function validateNew(schema: StandardSchema, data: unknown): SchemaResult<unknown> | Promise<SchemaResult<unknown>> {
  const before = answers.get(schema);
  const result = validate(schema, before === "at once" ? data : copyOfData(data));
  if (!(result instanceof Promise)) {
    if (before === undefined) answers.set(schema, "at once");
    return result;
  }
  answers.set(schema, "later");
  if (before !== "at once") return result;
  // It answers later for some data alone, and now has the caller's own object: it is asked again, with a copy.
  result.catch(() => {});
  return validate(schema, copyOfData(data));
}
