import { quoteText } from "../arguments/describe-value.ts";
import { didYouMean } from "../arguments/suggest.ts";
import { EventValidationError, UnknownEventTypeError } from "../errors/catalogue.ts";
import { sentence } from "../errors/tidemark-error.ts";
import type { DefinedEvents } from "./defined-events.ts";
import type { StoredShape } from "./event-codec.ts";
import type { EventShape } from "./event-shape.ts";
import { issuesAt } from "./issue-path.ts";
import type { SchemaResult } from "./standard-schema.ts";
import { validateNew } from "./validate-new.ts";
import { StoredFormError } from "./stored-form.ts";

/** What to store of an event's data: see `EventCodec.encode`. What a schema throws instead of returning issues passes through. */
export function encodeShape(catalogue: DefinedEvents, type: string, data: unknown, at: () => string): StoredShape | Promise<StoredShape> {
  const shape = catalogue.shapes.get(type);
  if (!shape) throw unknownType(catalogue, type, at());
  if (!shape.checks) return storedShape(shape, data, at);
  const result = validateNew(shape.schema, data);
  return result instanceof Promise ? result.then((settled) => accepted(shape, settled, at)) : accepted(shape, result, at);
}

function accepted(shape: EventShape, result: SchemaResult<unknown>, at: () => string): StoredShape {
  if (result.issues) throw new EventValidationError(shape.type, issuesAt(result.issues, at()));
  return storedShape(shape, result.value, at);
}

function storedShape({ type, version, stored }: EventShape, data: unknown, at: () => string): StoredShape {
  if (!stored) return { data, schemaVersion: version };
  try {
    return { data: stored.encode(data), schemaVersion: version };
  } catch (error) {
    if (!(error instanceof StoredFormError)) throw error;
    throw new EventValidationError(type, [{ path: at() + error.place, message: error.message }], { cause: error.cause });
  }
}

function unknownType({ types, retired }: DefinedEvents, type: string, dataPath: string): UnknownEventTypeError {
  const path = dataPath.replace(/\.data$/, ".type");
  const problem = retired.has(type)
    ? "which is retired: its stored events are read as others, but no new ones are written. Append what it becomes."
    : `${sentence(`which the catalogue does not know${didYouMean(type, types)}`)} Add it to the catalogue, or correct the event.`;
  return new UnknownEventTypeError(type, `${path} is ${quoteText(type)}, ${problem} Nothing was written.`, { path });
}
