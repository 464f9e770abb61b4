import { isPromise } from "../arguments/promise.ts";
import { quoteText } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { DefinedEvents } from "./defined-events.ts";
import { validate } from "./validate.ts";

/**
 * Refuses `validateReads` where an example shows that a schema is asynchronous. One without examples shows it at the first event that it
 * has to check.
 */
export function refuseAsynchronous({ shapes }: DefinedEvents): void {
  for (const { type, schema, examples, checks } of shapes.values()) {
    if (!checks || !examples.some((example) => isPromise(validate(schema, example)))) continue;
    throw new InvalidArgumentError(
      "options.validateReads",
      `needs synchronous schemas, but that of ${quoteText(type)} is asynchronous; leave validateReads out`,
    );
  }
}
