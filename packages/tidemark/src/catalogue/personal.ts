import { listOf } from "../arguments/checks.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { DefinedEvents } from "./defined-events.ts";
import { parseStoredPath } from "./stored-path.ts";

/** Paths of personal data, as masks have them: `lines.*.note`. */
export function checkPersonal(value: unknown, path: string): readonly string[] {
  return listOf((place, at) => {
    if (typeof place !== "string") throw new InvalidArgumentError(at, `must be a path such as "email", not ${describeValue(place)}`);
    return parseStoredPath(place, at)
      .map((step) => (typeof step === "string" ? "*" : step.field))
      .join(".");
  }, "leave it out if nothing is personal")(value, path);
}

/**
 * The paths of what is personal in an event, stored or decoded. Undefined: the catalogue names nothing personal. Paths are of newest shapes. Where an event
 * has another shape, and may become something that is personal, and where the catalogue does not know its type or version, that is all of its data.
 */
export function personalPaths({ shapes, retired }: DefinedEvents, { type, schemaVersion }: PersonalQuestion): readonly string[] | undefined {
  const isPersonal = (name: string): boolean => (shapes.get(name)?.personal.length ?? 0) > 0;
  if (![...shapes.keys()].some(isPersonal)) return undefined;
  const shape = shapes.get(type);
  if (shape?.version === schemaVersion) return shape.personal.map((path) => `data.${path}`);
  const isKnown = retired.has(type) || (shape !== undefined && schemaVersion < shape.version);
  const becomes = isKnown ? (shape ?? retired.get(type))?.becomes : undefined;
  return becomes === undefined || [...becomes].some(isPersonal) ? ["data"] : [];
}

/** As much of an event as is asked for what is personal in it. */
export type PersonalQuestion = Pick<RecordedEvent, "type" | "schemaVersion">;
