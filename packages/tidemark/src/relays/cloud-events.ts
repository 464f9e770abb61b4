import { checkOptions } from "../arguments/options.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { JsonValue, RecordedEvent } from "../model/event.ts";
import { copiedAttributes } from "../transfer/cloudevents-attributes.ts";
import { checkSource } from "../transfer/cloudevents-writer.ts";
import { messageId } from "./outgoing-message.ts";
import type { RelayMap } from "./relay.ts";

const shape = {
  source: (value: unknown, path: string): string => {
    if (typeof value !== "string") throw new InvalidArgumentError(path, `must be a URI reference, not ${describeValue(value)}`);
    return checkSource(value, path);
  },
};
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
  return async (event, { storedData }) => ({
    contentType: "application/cloudevents+json; charset=utf-8",
    body: cloudEvent(event, source, await storedData()),
  });
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
