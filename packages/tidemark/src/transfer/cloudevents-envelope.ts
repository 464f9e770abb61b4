import { wholeNumber } from "../arguments/checks.ts";
import { describeValue, quoteText } from "../arguments/describe-value.ts";
import { checkEventType, checkStreamId, checkTags, checkTenant } from "../arguments/names.ts";
import { isRecord, unknownKey } from "../arguments/options.ts";
import { isUuid } from "../arguments/uuid.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { contextAttributes, copiedAttributes, ownAttributes } from "./cloudevents-attributes.ts";
import { type ExactJson, parseExactly } from "./exact-json.ts";
import type { EnvelopeLine } from "./import-event.ts";
import { parseTime } from "./parse-time.ts";

type Attributes = Readonly<Record<string, unknown>>;

const schemaVersion = wholeNumber(1, 32_767);
const place = wholeNumber(1);

/**
 * A CloudEvent as an envelope. One that an export wrote gives the same event again. Of any other, the subject is the stream, or the
 * source without one; what has no other place goes into metadata, by the name of its attribute.
 *
 * @throws {@link InvalidArgumentError} — it is no CloudEvent 1.0 whose data is JSON.
 */
export function cloudEventEnvelope({ value, exact }: ExactJson): Pick<EnvelopeLine, "envelope" | "globalName"> {
  if (!isRecord(value)) throw new InvalidArgumentError("it", `must hold a CloudEvent as a JSON object, not ${describeValue(value)}`);
  checkSpecification(value);
  checkNames(value);
  const id = text(value, "id");
  const source = text(value, "source");
  const isOurs = value["tidemarkversion"] != null;
  const metadata = metadataOf(value, isRecord(exact) ? exact : value, isOurs ? {} : { source, ...(!isUuid(id) && { id }) });
  return {
    envelope: {
      value: {
        streamId:
          value["subject"] == null
            ? checkStreamId(source, "source, which is the stream of an event without a subject,")
            : checkStreamId(value["subject"], "subject"),
        type: checkEventType(value["type"], "type"),
        data: value["data"] ?? null,
        metadata: metadata.value,
        recordedAt: timeOf(value["time"]),
        schemaVersion: typeof value["schemaversion"] === "number" ? schemaVersion(value["schemaversion"], "schemaversion") : undefined,
        ...(isUuid(id) && { id }),
        ...ownParts(value),
      },
      exact: { data: isRecord(exact) ? exact["data"] : undefined, metadata: metadata.exact },
    },
    // Source and id name an event, whatever the time of a copy of it.
    ...(!isUuid(id) && { globalName: JSON.stringify([source, id]) }),
  };
}

function checkSpecification(value: Attributes): void {
  const version = value["specversion"];
  if (version === undefined && "streamId" in value)
    throw new InvalidArgumentError("specversion", "is missing: this is no CloudEvent. Leave --format cloudevents out");
  if (version === undefined) throw new InvalidArgumentError("specversion", 'is missing; a CloudEvent has "1.0"');
  if (version !== "1.0") throw new InvalidArgumentError("specversion", `must be "1.0", not ${describeValue(version)}`);
  if (value["data_base64"] != null) throw new InvalidArgumentError("data_base64", "holds bytes, but the data of an event is JSON; convert it to data first");
  const contentType = value["datacontenttype"];
  if (contentType == null) return;
  if (typeof contentType !== "string" || !/^[^\s/;]+\/(?:[^\s/;]+\+)?json\s*(?:;|$)/i.test(contentType))
    throw new InvalidArgumentError("datacontenttype", `must be JSON, such as application/json, not ${describeValue(contentType)}`);
}

/** A misspelt name would change where the event goes, in silence. */
function checkNames(value: Attributes): void {
  const known = [...contextAttributes, ...ownAttributes];
  for (const name of Object.keys(value)) {
    if (!/^[a-z\d]+$/.test(name) && name !== "data_base64") throw unknownKey("", name, known, "is no name of an attribute, which has small letters and digits");
    if (name.startsWith("tidemark") && !ownAttributes.includes(name)) throw unknownKey("", name, ownAttributes, "is no attribute that an export writes");
  }
}

function text(value: Attributes, name: string): string {
  const held = value[name];
  if (typeof held === "string" && held !== "") return held;
  throw new InvalidArgumentError(
    name,
    held === undefined ? "is missing; every CloudEvent has one" : `must be a text that is not empty, not ${describeValue(held)}`,
  );
}

function timeOf(value: unknown): string | undefined {
  if (value == null) return undefined;
  if (typeof value !== "string") throw new InvalidArgumentError("time", `must be a text such as "2026-11-20T10:00:00Z", not ${describeValue(value)}`);
  try {
    // Whether one without a zone will do, the import decides.
    parseTime(value, true);
  } catch (error) {
    throw new InvalidArgumentError("time", `is ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  return value;
}

/** What only an export writes. */
function ownParts(value: Attributes): Attributes {
  const given = <T>(name: string, read: (held: unknown, path: string) => T): T | undefined => (value[name] == null ? undefined : read(value[name], name));
  const number = (held: unknown, path: string): number => place(typeof held === "string" && /^\d{1,16}$/.test(held) ? Number(held) : held, path);
  return {
    tenant: given("tidemarktenant", checkTenant),
    tags: given("tidemarktags", (held, path) => checkTags(json(held, path).value, path)),
    version: given("tidemarkversion", number),
    position: given("tidemarkposition", number),
    part: value["tidemarkpart"],
  };
}

function json(held: unknown, path: string): ExactJson {
  if (typeof held !== "string") throw new InvalidArgumentError(path, `must be JSON as a text, not ${describeValue(held)}`);
  try {
    return parseExactly(held);
  } catch (error) {
    throw new InvalidArgumentError(path, `must be JSON as a text, not ${quoteText(held)}`, { cause: error });
  }
}

/** The metadata that an export wrote, and the attributes that have no other place. What is there already is not overwritten by a copy. */
function metadataOf(value: Attributes, exact: Attributes, origin: Attributes): { readonly value: Attributes; readonly exact: Attributes } {
  const own: ExactJson = value["tidemarkmetadata"] == null ? { value: {} } : json(value["tidemarkmetadata"], "tidemarkmetadata");
  if (!isRecord(own.value)) throw new InvalidArgumentError("tidemarkmetadata", `must be a JSON object as a text, not ${describeValue(own.value)}`);
  const added: Record<string, unknown> = {};
  const addedExactly: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const held = value[name];
    const key = copiedAttributes.find(([attribute]) => attribute === name)?.[1] ?? name;
    if (held === null || hasPlace(name, held) || Object.hasOwn(own.value, key)) continue;
    if (typeof held === "object")
      throw new InvalidArgumentError(name, `must be a text, a number or a boolean, like every attribute, not ${describeValue(held)}`);
    added[key] = held;
    addedExactly[key] = exact[name];
  }
  const ownExactly = isRecord(own.exact) ? own.exact : own.value;
  return { value: { ...origin, ...own.value, ...added }, exact: { ...origin, ...ownExactly, ...addedExactly } };
}

/** Whether an attribute becomes another part of the event. Of the content type, only JSON itself says nothing more. */
function hasPlace(name: string, held: unknown): boolean {
  if (name === "dataschema") return false;
  if (name === "datacontenttype") return held === "application/json";
  if (name === "schemaversion") return typeof held === "number";
  return contextAttributes.includes(name) || ownAttributes.includes(name);
}
