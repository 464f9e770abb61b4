import { checkOptions } from "../arguments/options.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { JsonValue, RecordedEvent } from "../model/event.ts";
import { copiedAttributes } from "../transfer/cloudevents-attributes.ts";
import { checkSource } from "../transfer/cloudevents-writer.ts";
import { messageId } from "./outgoing-message.ts";
import type { DescribedEvent, RelayMap } from "./relay.ts";

const shape = {
  source: (value: unknown, path: string): string => {
    if (typeof value !== "string") throw new InvalidArgumentError(path, `must be a URI reference, not ${describeValue(value)}`);
    return checkSource(value, path);
  },
};
const contentType = "application/cloudevents+json; charset=utf-8";
/** CloudEvents wants none of these in an attribute. */
const unfit = /[\p{Cc}\p{Surrogate}\p{Noncharacter_Code_Point}]/u;

/**
 * Returns a `map` that makes CloudEvents 1.0 of events, in the JSON format: `subject` is the stream, `data` the data as the log stores it.
 * The extensions `schemaversion`, `tidemarkversion`, `tidemarkposition`, `partitionkey`, `correlationid`, `causationid` and `traceparent`
 * hold what the specification has no attribute for.
 *
 * @param options - `source`: where the events come from, a URI reference without a fragment; the tenant becomes its fragment. It is
 * `urn:tidemark` unless you name it.
 * @throws {@link InvalidArgumentError} — `source` is no URI reference.
 *
 * @example
 * ```ts
 * const map: RelayMap = cloudEvents({ source: "https://shop.example/events" });
 * ```
 */
export function cloudEvents(options?: { readonly source?: string }): RelayMap {
  const { source = "urn:tidemark" } = checkOptions(options, shape);
  const map: RelayMap = async (event, { storedData }) => ({ contentType, body: cloudEvent(event, source, await storedData()) });
  return Object.assign(map, { describe: (event: DescribedEvent) => ({ contentType, payload: cloudEventSchema(event, source) }) });
}

function cloudEventSchema({ type, schemaVersion, data }: DescribedEvent, source: string): object {
  const text = { type: "string", minLength: 1 };
  const properties = {
    specversion: { const: "1.0" },
    id: { ...text, description: "The event's id; of one that became several, with / and the part behind it." },
    source: { type: "string", format: "uri-reference", description: `${source}; of a tenant, with # and the tenant behind it.` },
    type: { const: type },
    subject: { ...text, description: "The stream." },
    time: { type: "string", format: "date-time" },
    datacontenttype: { const: "application/json" },
    schemaversion: { const: schemaVersion },
    tidemarkversion: { type: "string", pattern: "^[0-9]+$", description: "The event's place in its stream." },
    tidemarkposition: { type: "string", pattern: "^[0-9]+$", description: "The event's place in the log." },
    partitionkey: text,
    tidemarkpart: { type: "integer", minimum: 0 },
    tidemarktenant: text,
    tidemarktags: { ...text, description: "The tags, as a JSON array." },
    ...Object.fromEntries(copiedAttributes.map(([attribute]) => [attribute, text])),
    data,
  };
  return { type: "object", properties, required: ["specversion", "id", "source", "type", "subject", "time", "data"] };
}

function cloudEvent(event: RecordedEvent, source: string, data: unknown): object {
  const { type, streamId, version, position, recordedAt, schemaVersion, part, tenant, tags, metadata } = event;
  return {
    specversion: "1.0",
    id: messageId(event),
    source: tenant === "" ? source : `${source}#${encodeURIComponent(tenant)}`,
    type,
    subject: streamId,
    time: recordedAt.toISOString(),
    datacontenttype: "application/json",
    schemaversion: schemaVersion,
    tidemarkversion: `${version}`,
    tidemarkposition: `${position}`,
    partitionkey: streamId,
    ...(part !== undefined && { tidemarkpart: part }),
    ...(tenant !== "" && { tidemarktenant: tenant }),
    ...(tags.length > 0 && { tidemarktags: JSON.stringify(tags) }),
    ...Object.fromEntries(copiedAttributes.flatMap(([attribute, key]) => copied(attribute, metadata[key]))),
    data,
  };
}

function copied(attribute: string, value: JsonValue | undefined): readonly (readonly [string, string])[] {
  return typeof value === "string" && value !== "" && !unfit.test(value) ? [[attribute, value]] : [];
}
