import { JsonProblem } from "../arguments/json-problem.ts";
import { writeJson } from "../arguments/json.ts";
import { checkEventType, checkTags, isEventType } from "../arguments/names.ts";
import { isRecord, unknownKey } from "../arguments/options.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { checkUuid } from "../arguments/uuid.ts";
import { EventTooLargeError } from "../errors/appending.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { firstSchemaVersion } from "../model/recorded-event.ts";
import type { EncodedEvent } from "./encoded.ts";
import type { AppendTotals } from "./append-totals.ts";

const known = ["type", "data", "metadata", "id", "tags"];
/** What the store adds to an event. */
export const stamped: readonly string[] = ["streamId", "category", "version", "position", "recordedAt", "schemaVersion", "part", "tenant"];
/** The size of an event that is refused is exact up to this many times the limit; counting on would only cost memory. */
const countedTimes = 4;

/** The path of something in the event: `.type`. Built only for an error, for most events have none. */
export type PathTo = (field: string) => string;

/** Checks one event, turns it into text and adds it to the totals. Reads each of its properties once. */
export function encodeEvent(event: unknown, totals: AppendTotals, at: PathTo): EncodedEvent {
  const { type, data, metadata, id, tags } = readEvent(event, at);
  const { eventBytes, createId } = totals.settings;
  const room = eventBytes * countedTimes;
  const checkedTags = tags === undefined ? [] : checkTags(tags, at(".tags"));
  const encoded: EncodedEvent = {
    type: isEventType(type) ? type : checkEventType(type, at(".type")),
    data: writePart(data, room, eventBytes, ".data", at),
    metadata: metadata === undefined ? "" : encodeMetadata(metadata, room, eventBytes, at),
    tags: checkedTags.join("\x1f"),
    id: id === undefined ? checkUuid(createId(), "createId()") : checkUuid(id, at(".id")),
    schemaVersion: totals.settings.schemaVersions?.[totals.events] ?? firstSchemaVersion,
  };
  totals.addEvent(encoded.id, id !== undefined, Buffer.byteLength(encoded.data) + Buffer.byteLength(encoded.metadata), checkedTags.length, at);
  return encoded;
}

function encodeMetadata(metadata: unknown, room: number, eventBytes: number, at: PathTo): string {
  if (!isRecord(metadata)) throw new InvalidArgumentError(at(".metadata"), `must be a plain object, not ${describeValue(metadata)}`);
  const text = writePart(metadata, room, eventBytes, ".metadata", at);
  return text === "{}" ? "" : text;
}

function writePart(value: unknown, room: number, eventBytes: number, field: string, at: PathTo): string {
  try {
    return writeJson(value, room);
  } catch (error) {
    const problem = JsonProblem.of(error);
    if (problem.excess !== undefined && problem.loop() === undefined) throw new EventTooLargeError(at(""), room + problem.excess, eventBytes);
    throw problem.at(at(field));
  }
}

interface EventParts {
  readonly type?: unknown;
  readonly data?: unknown;
  readonly metadata?: unknown;
  readonly id?: unknown;
  readonly tags?: unknown;
}

/** Its parts, each read once. Throws for what is no event. */
export function readEvent(event: unknown, at: PathTo): EventParts {
  try {
    if (!isRecord(event)) throw new InvalidArgumentError(at(""), `must be an event such as { type: "ItemAdded", data: {} }, not ${describeValue(event)}`);
    refuseUnknownParts(event, at);
    const { type, data, metadata, id, tags } = event;
    return { type, data, metadata, id, tags };
  } catch (error) {
    throw error instanceof InvalidArgumentError ? error : new InvalidArgumentError(at(""), "could not be read: it threw (see cause)", { cause: error });
  }
}

/** A misspelt key would be lost in silence. */
export function refuseUnknownParts(event: object, at: PathTo): void {
  for (const key of Object.keys(event)) {
    if (known.includes(key)) continue;
    if (stamped.includes(key)) {
      throw new InvalidArgumentError(at(`.${key}`), "is set by the store; to write an event that was read, pass its type, data, metadata and tags alone");
    }
    throw unknownKey(at(""), key, known, "is not a part of an event");
  }
}
