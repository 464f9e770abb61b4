/** Attributes that are copies of keys of the metadata. */
export const copiedAttributes: readonly (readonly [attribute: string, key: string])[] = [
  ["correlationid", "correlationId"],
  ["causationid", "causationId"],
  ["traceparent", "traceparent"],
];

/** The attributes of the specification that have a place of their own in an event, or need a check. */
export const contextAttributes: readonly string[] = ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "data"];

/** Extensions for what CloudEvents has no attribute for. Numbers beyond 32 bits are no integers of CloudEvents, and travel as text. */
export const ownAttributes: readonly string[] = [
  "schemaversion",
  "tidemarkversion",
  "tidemarkposition",
  "tidemarkpart",
  "tidemarktenant",
  "tidemarktags",
  "tidemarkmetadata",
];
