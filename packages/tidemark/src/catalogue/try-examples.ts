import { describeValue, quoteStep } from "../arguments/describe-value.ts";
import { InvalidArgumentError, isTidemarkError } from "../errors/errors.ts";
import type { EventCatalogue } from "../model/event-catalogue.ts";
import { checkExample, checkPaths, resultOf } from "./check-examples.ts";
import { DefinedEvents } from "./defined-events.ts";
import type { EventShape } from "./event-shape.ts";

/**
 * Tries every example of a catalogue, those of asynchronous schemas too, which `defineEvents` cannot.
 *
 * @returns an error for each type with an example that does not fit.
 */
export async function checkExamples(catalogue: EventCatalogue): Promise<readonly InvalidArgumentError[]> {
  if (!(catalogue instanceof DefinedEvents)) {
    throw new InvalidArgumentError("catalogue", `must be a catalogue made by defineEvents of this copy of tidemark, not ${describeValue(catalogue)}`);
  }
  const problems = await Promise.all([...catalogue.shapes.values()].map(problemOf));
  return problems.filter((problem) => problem !== undefined);
}

async function problemOf(shape: EventShape): Promise<InvalidArgumentError | undefined> {
  const path = `definitions${quoteStep(shape.type)}`;
  try {
    const values: unknown[] = [];
    for (const [index, example] of shape.examples.entries()) {
      const at = `${path}.examples[${index}]`;
      values.push(checkExample(shape, await resultOf(shape, example, at), at));
    }
    checkPaths(shape, values, path);
    return undefined;
  } catch (error) {
    if (isTidemarkError(error, "INVALID_ARGUMENT")) return error;
    return new InvalidArgumentError(`${path}.examples`, "could not be tried: the schema threw (see cause)", { cause: error });
  }
}
