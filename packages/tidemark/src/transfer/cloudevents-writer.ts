import { isRecord } from "../arguments/options.ts";
import type { TextRow } from "../database/database.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { copiedAttributes } from "./cloudevents-attributes.ts";
import { type EventWriter, tagsOf, timeOf } from "./event-writer.ts";

export interface CloudEventsOptions {
  /** Where the events come from, a URI reference without a fragment. */
  readonly source: string;
  /** One JSON array of all events, in place of a line for each. */
  readonly batch: boolean;
}

/**
 * Events as CloudEvents 1.0 in the JSON format. Data stands there as the database's own JSON. What CloudEvents has no attribute for
 * travels in extensions, so that an import gives the same event again.
 */
export function cloudEventsWriter({ source, batch }: CloudEventsOptions): EventWriter {
  const write = (row: TextRow): string => cloudEvent(row, source);
  return batch ? { head: "[", between: ",\n", foot: "]\n", write } : { head: "", between: "", foot: "", write: (row) => `${write(row)}\n` };
}

/**
 * The source of the events of a tenant: source and id together name one event, and an id is unique within its tenant only.
 *
 * @throws {@link InvalidArgumentError} — `source` is no URI reference, or has a fragment already.
 */
export function checkSource(source: string, path: string): string {
  if (/^[\w\-.~:/?[\]@!$&'()*+,;=%]+$/.test(source) && !/%(?![\da-fA-F]{2})/.test(source)) return source;
  const problem = source.includes("#")
    ? "must have no fragment (#), which names the tenant"
    : "must be a URI or a relative reference, such as https://shop.example/events";
  throw new InvalidArgumentError(path, `${problem}, not ${JSON.stringify(source)}`);
}

function cloudEvent(row: TextRow, source: string): string {
  const tenant = row["tenant"] ?? "";
  const metadata = row["metadata"] ?? "{}";
  // Each of several events that a catalogue made of a stored one needs an id of its own.
  const part = row["part"];
  const tags = tagsOf(row);
  const from = tenant === "" ? source : `${source}#${encodeURIComponent(tenant)}`;
  let text = `{"specversion":"1.0","id":"${row["id"]}${part === undefined ? "" : `/${part}`}","source":${JSON.stringify(from)},"type":${JSON.stringify(row["type"])},"subject":${JSON.stringify(row["stream_name"])},"time":"${timeOf(row)}","datacontenttype":"application/json","schemaversion":${row["schema_version"]},"tidemarkversion":"${row["version"]}","tidemarkposition":"${row["position"]}"`;
  if (part !== undefined) text += `,"tidemarkpart":${part}`;
  if (tenant !== "") text += `,"tidemarktenant":${JSON.stringify(tenant)}`;
  if (tags.length > 0) text += `,"tidemarktags":${jsonAttribute(JSON.stringify(tags))}`;
  if (metadata !== "{}") text += `${copies(metadata)},"tidemarkmetadata":${jsonAttribute(metadata)}`;
  return `${text},"data":${row["data"]}}`;
}

/** What other programs look for in a CloudEvent, beside the whole of the metadata. */
function copies(metadata: string): string {
  const held: unknown = JSON.parse(metadata);
  if (!isRecord(held)) return "";
  let text = "";
  for (const [attribute, key] of copiedAttributes) {
    const value = held[key];
    if (typeof value === "string" && value !== "" && !unfit.test(value)) text += `,"${attribute}":${JSON.stringify(value)}`;
  }
  return text;
}

/** CloudEvents wants no attribute with control characters, surrogates without their pair, or code points that are no characters. */
const unfit = /[\p{Cc}\p{Surrogate}\p{Noncharacter_Code_Point}]/u;
const unfits = /[\p{Cc}\p{Surrogate}\p{Noncharacter_Code_Point}]/gu;

/** JSON as a text. Inside, an escape says the same as such a character. */
function jsonAttribute(json: string): string {
  return JSON.stringify(unfit.test(json) ? json.replace(unfits, escaped) : json);
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`).join("");
}
