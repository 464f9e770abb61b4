import { isRecord } from "../../arguments/options.ts";

/** A JSON Schema of what examples have in common: the kinds of their values, and the fields that are in all of them. */
export function schemaOfExamples(examples: readonly unknown[]): Record<string, unknown> {
  const alternatives = [...Map.groupBy(examples, kindOf)].map(([kind, values]) => ofKind(kind, values));
  const [only] = alternatives;
  return alternatives.length === 1 && only ? only : { anyOf: alternatives };
}

function kindOf(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}

function ofKind(type: string, values: readonly unknown[]): Record<string, unknown> {
  if (type === "object") return { type, ...fieldsOf(values.filter(isRecord)) };
  if (type !== "array") return { type };
  const items = values.flatMap((value): readonly unknown[] => (Array.isArray(value) ? value : []));
  return items.length === 0 ? { type } : { type, items: schemaOfExamples(items) };
}

function fieldsOf(objects: readonly Record<string, unknown>[]): { readonly properties: object; readonly required: readonly string[] } {
  const names = [...new Set(objects.flatMap(Object.keys))];
  const given = (name: string): readonly unknown[] => objects.filter((object) => Object.hasOwn(object, name)).map((object) => object[name]);
  return {
    properties: Object.fromEntries(names.map((name) => [name, schemaOfExamples(given(name))])),
    required: names.filter((name) => given(name).length === objects.length),
  };
}
