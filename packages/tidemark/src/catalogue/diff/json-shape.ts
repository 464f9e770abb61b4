import { isRecord } from "../../arguments/options.ts";
import { referred } from "../stored-json-schema.ts";

export type JsonSchema = Readonly<Record<string, unknown>>;

/** A schema with the document that its references are about. */
export interface Rooted {
  readonly schema: JsonSchema;
  readonly root: JsonSchema;
}

/** What says nothing about which values fit. */
const annotations = new Set(["$schema", "$id", "$defs", "definitions", "title", "description", "default", "examples", "deprecated", "readOnly", "$comment"]);

const mergeable = new Set(["type", "properties", "required", "additionalProperties"]);

/** The schema that a reference names, without annotations. A boolean schema takes everything or nothing. */
export function resolved({ schema, root }: { readonly schema: unknown; readonly root: JsonSchema }): Rooted {
  let found = schema;
  for (let hops = 0; isRecord(found) && typeof found["$ref"] === "string" && hops < 100; hops++) found = referred(root, found["$ref"]);
  if (found === false) return { schema: { not: {} }, root };
  const fields = isRecord(found) ? Object.entries(found).filter(([key]) => !annotations.has(key)) : [];
  return { schema: merged(Object.fromEntries(fields), root), root };
}

/** An intersection of objects as one object. Others stay as they are: what two patterns have in common is no schema. */
function merged(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const { allOf, ...rest } = schema;
  if (!Array.isArray(allOf)) return schema;
  const parts = [...allOf.map((one: unknown) => resolved({ schema: one, root }).schema), ...(Object.keys(rest).length > 0 ? [rest] : [])];
  const properties: Record<string, unknown> = {};
  const required = new Set<unknown>();
  for (const part of parts) {
    if (part["type"] !== "object" || !isRecord(part["properties"]) || Object.keys(part).some((key) => !mergeable.has(key))) return schema;
    for (const [name, inner] of Object.entries(part["properties"])) {
      if (Object.hasOwn(properties, name)) return schema;
      properties[name] = inner;
    }
    for (const name of Array.isArray(part["required"]) ? part["required"] : []) required.add(name);
  }
  return { type: "object", properties, required: [...required] };
}

/** The kinds of values that a schema takes, each as a schema of its own: of a union its alternatives, of several types one for each. */
export function alternatives(given: Rooted): readonly Rooted[] {
  const { schema, root } = resolved(given);
  const { type } = schema;
  for (const key of ["anyOf", "oneOf"]) {
    const inner = schema[key];
    if (Array.isArray(inner)) return inner.flatMap((one: unknown) => alternatives(resolved({ schema: one, root })));
  }
  if (Array.isArray(type)) return type.map((one: unknown) => ({ schema: { ...schema, type: one }, root }));
  return [{ schema, root }];
}

/** `string`, `integer`, `object` and so on; `any` for what is left open. */
export function kindOf({ schema }: Rooted): string {
  if (typeof schema["type"] === "string") return schema["type"];
  const [value] = valuesOf(schema) ?? [];
  if (value !== undefined) return value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  if (isRecord(schema["properties"])) return "object";
  return Object.keys(schema).length === 0 ? "any" : "other";
}

/** The values that a schema lists; undefined where it lists none. */
export function valuesOf(schema: JsonSchema): readonly unknown[] | undefined {
  if (Object.hasOwn(schema, "const")) return [schema["const"]];
  return Array.isArray(schema["enum"]) ? schema["enum"] : undefined;
}

/** The fields of an object, with whether each is always there. */
export function fieldsOf({ schema, root }: Rooted): ReadonlyMap<string, Rooted & { readonly required: boolean }> {
  const { properties, required } = schema;
  const names = new Set(Array.isArray(required) ? required : []);
  const fields = isRecord(properties) ? Object.entries(properties) : [];
  return new Map(fields.map(([name, inner]) => [name, { ...resolved({ schema: inner, root }), required: names.has(name) }]));
}

/** What a schema says of the values of a record, or of the items of an array; undefined where it says nothing. */
export function innerOf({ schema, root }: Rooted, key: "additionalProperties" | "items"): Rooted | undefined {
  return isRecord(schema[key]) ? resolved({ schema: schema[key], root }) : undefined;
}

/** `text`, `number or null`, `"web" or "shop"`: a schema for people. */
export function shapeText(given: Rooted): string {
  const texts = alternatives(given).map((one) => {
    const kind = kindOf(one);
    const values = valuesOf(one.schema);
    if (values) return values.map((value) => JSON.stringify(value)).join(" or ");
    const items = kind === "array" ? innerOf(one, "items") : undefined;
    const format = typeof one.schema["format"] === "string" ? ` (${one.schema["format"]})` : "";
    return items ? `array of ${shapeText(items)}` : `${kind}${format}`;
  });
  return [...new Set(texts)].join(" or ");
}
