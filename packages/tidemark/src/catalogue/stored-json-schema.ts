import { isRecord } from "../arguments/options.ts";
import type { StoredCodec } from "./stored-codecs.ts";
import { parseStoredPath, type PathStep } from "./stored-path.ts";

type Schema = Record<string, unknown>;

/** The JSON Schema of what is stored: at the paths of `stored`, what their codecs return stands in place of what they take. */
export function storedJsonSchema(schema: object, codecs: ReadonlyMap<string, StoredCodec>): object {
  const root: unknown = structuredClone(schema);
  for (const [path, { jsonSchema = {} }] of codecs) {
    const seen = new Set<string>();
    visit(root, parseStoredPath(path, path), root, (node) => replace(node, jsonSchema), seen);
  }
  return isRecord(root) ? root : schema;
}

/** Calls `change` with each schema that describes a value at the path, whichever alternative it stands in. */
function visit(node: unknown, steps: readonly PathStep[], root: unknown, change: (node: Schema) => void, seen: Set<string>): void {
  if (!isSchema(node)) return;
  const [step, ...rest] = steps;
  if (step === undefined) return change(node);
  const { $ref: ref } = node;
  if (typeof ref === "string" && !seen.has(`${ref} ${steps.length}`)) {
    // A schema that contains itself would never end.
    seen.add(`${ref} ${steps.length}`);
    visit(referred(root, ref), steps, root, change, seen);
  }
  for (const key of ["anyOf", "oneOf", "allOf"]) for (const inner of listOf(node[key])) visit(inner, steps, root, change, seen);
  for (const inner of below(node, step)) visit(inner, rest, root, change, seen);
}

function below(node: Schema, step: PathStep): readonly unknown[] {
  if (step === "items") return [node["items"], ...listOf(node["prefixItems"])];
  const { properties } = node;
  if (step === "values") return [node["additionalProperties"], ...(isRecord(properties) ? Object.values(properties) : [])];
  return isRecord(properties) && Object.hasOwn(properties, step.field) ? [properties[step.field]] : [];
}

/** `null` stays as it is, whatever the codec is. */
function replace(node: Schema, stored: object): void {
  const isNull = (inner: unknown): boolean => isRecord(inner) && inner["type"] === "null";
  const types = listOf(node["type"]);
  const nullable = types.includes("null") || [...listOf(node["anyOf"]), ...listOf(node["oneOf"])].some(isNull);
  const { description } = node;
  for (const key of Object.keys(node)) delete node[key];
  Object.assign(node, nullable ? { anyOf: [stored, { type: "null" }] } : stored, description === undefined ? {} : { description });
}

/** What a reference within the document names; undefined for others. */
export function referred(root: unknown, ref: string): unknown {
  if (!ref.startsWith("#")) return undefined;
  const steps = ref
    .slice(1)
    .split("/")
    .slice(1)
    .map((step) => decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~"));
  let node: unknown = root;
  for (const step of steps) node = isRecord(node) && Object.hasOwn(node, step) ? node[step] : undefined;
  return node;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isSchema(value: unknown): value is Schema {
  return isRecord(value);
}
