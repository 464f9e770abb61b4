import { wholeNumber } from "../arguments/checks.ts";
import { JsonProblem } from "../arguments/json-problem.ts";
import { writeJson } from "../arguments/json.ts";
import { checkEventType, checkStreamId, checkTags, checkTenant } from "../arguments/names.ts";
import { isRecord, unknownKey } from "../arguments/options.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { checkUuid } from "../arguments/uuid.ts";
import { EventTooLargeError } from "../errors/appending.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { deriveId, namedId } from "./derived-id.ts";
import type { ExactJson } from "./exact-json.ts";
import { parseTime } from "./parse-time.ts";

/** An event of an import: checked, and as text, like `EncodedEvent`. */
export interface ImportEvent {
  readonly line: number;
  /** As it was in the file, for reports. */
  readonly text: string;
  readonly tenant: string;
  readonly streamId: string;
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
  readonly tags: string;
  /** Milliseconds since 1970; null: now. */
  readonly recordedAt: number | null;
  readonly schemaVersion: number;
  /** Where it stood in the log that it came from. */
  readonly version: number | undefined;
  readonly position: number | undefined;
}

/** A line of the file as an envelope, whose parts are yet to be checked. */
export interface EnvelopeLine {
  readonly line: number;
  readonly text: string;
  readonly envelope: ExactJson;
  /** Names the event where it has no id of its own: the same name and time are the same event. */
  readonly name?: string;
  /** As `name`, and the same event at any time. */
  readonly globalName?: string;
}

export interface ImportRules {
  /** Replaces what the lines say. */
  readonly tenant: string | undefined;
  /** Times without a zone are UTC. */
  readonly utc: boolean;
}

/** What applications allow at most (`limits.eventBytes`): an export of any of them can be imported. */
export const maxEventBytes: number = 16 * 1024 * 1024;

const keys = ["streamId", "type", "data", "metadata", "id", "tags", "recordedAt", "schemaVersion", "tenant", "version", "position", "part", "category"];
const schemaVersion = wholeNumber(1, 32_767);
const place = wholeNumber(1);

/**
 * The event that a line holds, by the rules of an append.
 *
 * @throws {@link InvalidArgumentError}, {@link EventTooLargeError} — what is wrong with it.
 */
export function readImportEvent({ line, text, envelope, name, globalName }: EnvelopeLine, rules: ImportRules): ImportEvent {
  const { value, exact } = envelope;
  if (!isRecord(value)) throw new InvalidArgumentError("it", `must hold an event as a JSON object, not ${describeValue(value)}`);
  for (const key of Object.keys(value)) {
    if (!keys.includes(key)) throw unknownKey("", key, keys, "is not a part of an event");
  }
  const given = <T>(key: string, check: (held: unknown, path: string) => T): T | undefined => {
    const held = value[key];
    return held === undefined || held === null ? undefined : check(held, key);
  };
  if (value["part"] != null) {
    const problem = "says that a catalogue made several events of a stored one, which share its id; import an export without --catalogue, or with --raw";
    throw new InvalidArgumentError("part", problem);
  }
  const exactly = isRecord(exact) ? exact : undefined;
  const data = writePart(value["data"], exactly?.["data"], "data");
  const metadata = isEmpty(value["metadata"]) ? "" : writePart(checkRecord(value["metadata"]), exactly?.["metadata"], "metadata");
  const bytes = Buffer.byteLength(data) + Buffer.byteLength(metadata);
  if (bytes > maxEventBytes) throw new EventTooLargeError("it", bytes, maxEventBytes);
  const event = {
    tenant: rules.tenant ?? given("tenant", checkTenant) ?? "",
    streamId: checkStreamId(value["streamId"], "streamId"),
    type: checkEventType(value["type"], "type"),
    data,
    metadata,
    tags: given("tags", checkTags)?.join("\x1f") ?? "",
    recordedAt: given("recordedAt", (held, path) => checkMoment(held, path, rules.utc)) ?? null,
  };
  const derived = (): string => {
    if (globalName !== undefined) return namedId(event.tenant, globalName, null);
    return name === undefined ? deriveId(event, line) : namedId(event.tenant, name, event.recordedAt);
  };
  const id = given("id", checkUuid) ?? derived();
  return {
    line,
    text,
    ...event,
    id,
    schemaVersion: given("schemaVersion", schemaVersion) ?? 1,
    version: given("version", place),
    position: given("position", place),
  };
}

function isEmpty(metadata: unknown): boolean {
  return metadata === undefined || metadata === null || (isRecord(metadata) && Object.keys(metadata).length === 0);
}

function checkRecord(metadata: unknown): unknown {
  if (isRecord(metadata)) return metadata;
  throw new InvalidArgumentError("metadata", `must be an object, not ${describeValue(metadata)}`);
}

/** Checked as it reads, written as it was. */
function writePart(value: unknown, exact: unknown, path: string): string {
  try {
    const text = writeJson(value, maxEventBytes);
    return exact === undefined ? text : JSON.stringify(exact);
  } catch (error) {
    const problem = JsonProblem.of(error);
    if (problem.excess !== undefined) throw new EventTooLargeError(path, maxEventBytes + problem.excess, maxEventBytes);
    throw problem.at(path);
  }
}

function checkMoment(value: unknown, path: string, utc: boolean): number {
  if (typeof value !== "string") throw new InvalidArgumentError(path, `must be a text such as "2026-11-20T10:00:00Z", not ${describeValue(value)}`);
  try {
    return parseTime(value, utc);
  } catch (error) {
    throw new InvalidArgumentError(path, `is ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
