import { isRecord } from "../arguments/options.ts";

/** Keywords that hold one schema, a list of them, or several by name. What other keywords hold is copied: `const` may hold anything. */
const one = new Set(["items", "additionalItems", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else"]);
const several = new Set(["allOf", "anyOf", "oneOf", "items", "prefixItems"]);
const named = new Set(["properties", "patternProperties", "definitions", "$defs", "dependentSchemas"]);
/** A schema of AsyncAPI has the names of draft-07. */
const olderNames: Readonly<Record<string, string>> = {
  $defs: "definitions",
  prefixItems: "items",
  dependentSchemas: "dependencies",
  dependentRequired: "dependencies",
};

/**
 * A JSON Schema of draft 2020-12 as a schema of AsyncAPI 3, which is draft-07 within a larger document.
 *
 * @param place - Where it will stand: `#/components/schemas/ItemAdded`. References within it begin there.
 */
export function asyncApiSchema(schema: unknown, place: string): unknown {
  if (!isRecord(schema)) return schema;
  const { $ref: ref, $schema: _dialect, $id: _id, ...rest } = schema;
  const tuple = Array.isArray(schema["prefixItems"]);
  // Set as own properties, also those that are named __proto__.
  const converted: Record<string, unknown> = Object.fromEntries(
    Object.entries(rest).map(([keyword, held]) => [tuple && keyword === "items" ? "additionalItems" : olderName(keyword), inner(keyword, held, place)]),
  );
  if (typeof ref !== "string") return converted;
  const reference = { $ref: ref.startsWith("#") ? place + pointer(ref.slice(1)) : ref };
  // In draft-07 what stands beside a reference counts for nothing.
  return Object.keys(converted).length === 0 ? reference : { ...converted, allOf: [...listOf(converted["allOf"]), reference] };
}

function inner(keyword: string, held: unknown, place: string): unknown {
  if (several.has(keyword) && Array.isArray(held)) return held.map((schema) => asyncApiSchema(schema, place));
  if (named.has(keyword) && isRecord(held)) return Object.fromEntries(Object.entries(held).map(([name, schema]) => [name, asyncApiSchema(schema, place)]));
  return one.has(keyword) ? asyncApiSchema(held, place) : held;
}

function pointer(path: string): string {
  const steps = path.split("/");
  // Behind one of these comes a name of the schema's own.
  return steps.map((step, index) => (named.has(steps[index - 1] ?? "") && !named.has(steps[index - 2] ?? "") ? step : olderName(step))).join("/");
}

function olderName(keyword: string): string {
  return (Object.hasOwn(olderNames, keyword) && olderNames[keyword]) || keyword;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
