import { encodeJson } from "../arguments/json.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { EventCatalogue } from "../model/event-catalogue.ts";
import { DefinedEvents } from "./defined-events.ts";
import { StoredFormError } from "./stored-form.ts";

/**
 * A copy of data in the shape in which readers get it, made as a store makes it: through JSON, and through the codecs of `stored`. No
 * schema looks at it.
 *
 * @throws {@link InvalidArgumentError} — at its place below `path`, for a value that a store cannot give.
 */
export function copyAsRead(catalogue: EventCatalogue | undefined, { type, data }: { readonly type: string; readonly data: unknown }, path: string): unknown {
  const stored = catalogue instanceof DefinedEvents ? catalogue.shapes.get(type)?.stored : undefined;
  try {
    const copy: unknown = JSON.parse(encodeJson(stored ? stored.encode(data) : data, path));
    return stored ? stored.decode(copy) : copy;
  } catch (error) {
    if (!(error instanceof StoredFormError)) throw error;
    throw new InvalidArgumentError(path + error.place, `does not fit its codec in stored: ${error.message}`, { cause: error.cause });
  }
}
