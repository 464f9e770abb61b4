import { quoteStep } from "../arguments/describe-value.ts";
import { wholeNumber } from "../arguments/checks.ts";
import { unknownKey } from "../arguments/options.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { DefinedEvents } from "./defined-events.ts";
import type { ReaderVersions } from "./event-codec.ts";

/** The older versions that a reader asks for, by type; what is the newest anyway is left out. */
export function readerShapes({ shapes, types }: DefinedEvents, as: ReaderVersions): ReadonlyMap<string, number> {
  const older = new Map<string, number>();
  for (const type of Object.keys(as)) {
    const shape = shapes.get(type);
    if (!shape) throw unknownKey("options.as", type, types, "is no type of the catalogue");
    const path = `options.as${quoteStep(type)}`;
    const wanted = wholeNumber(1, shape.version)(as[type], path);
    for (let version = shape.version; version > wanted; version--) {
      if (shape.downcast.has(version)) continue;
      throw new InvalidArgumentError(path, `is ${wanted}, but the definition has no downcast ${version}, from version ${version} to ${version - 1}; add it`);
    }
    if (wanted < shape.version) older.set(type, wanted);
  }
  return older;
}
