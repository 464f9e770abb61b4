import { isRecord } from "../../arguments/options.ts";
import { sortedJson } from "../../arguments/sorted-json.ts";
import { alternatives, fieldsOf, innerOf, kindOf, resolved, type Rooted, valuesOf } from "./json-shape.ts";

const lowest = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];
const highest = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];
/** Compared elsewhere, or of no consequence: whoever reads an object does not mind a field more. */
const structure = new Set(["type", "properties", "required", "additionalProperties", "items", "const", "enum"]);

/**
 * Whether every value that `narrow` describes fits `wide`, too. False also where nobody can tell, as of two patterns. Additional fields of an
 * object always fit: a reader does not mind them.
 */
export function accepts(wide: Rooted, narrow: Rooted, open: ReadonlySet<string> = new Set()): boolean {
  // Two schemas that contain themselves: what is being compared already counts as fitting.
  const pair = `${keyOf(wide)} ${keyOf(narrow)}`;
  if (open.has(pair)) return true;
  const inner = new Set([...open, pair]);
  const wides = alternatives(wide);
  return alternatives(narrow).every((one) => wides.some((other) => fits(other, one, inner)));
}

function fits(wide: Rooted, narrow: Rooted, open: ReadonlySet<string>): boolean {
  const [wideKind, narrowKind] = [kindOf(wide), kindOf(narrow)];
  if (wideKind === "any") return true;
  if (wideKind !== narrowKind && !(wideKind === "number" && narrowKind === "integer")) return false;
  if (!fitsValues(wide, narrow)) return false;
  // A list of values says more than any bound.
  if (valuesOf(narrow.schema)) return valuesOf(wide.schema) !== undefined || Object.keys(wide.schema).every((key) => structure.has(key));
  return fitsBounds(wide, narrow) && fitsFields(wide, narrow, open) && fitsInner(wide, narrow, open);
}

function fitsValues(wide: Rooted, narrow: Rooted): boolean {
  const wideValues = valuesOf(wide.schema);
  if (!wideValues) return true;
  const known = new Set(wideValues.map((value) => JSON.stringify(value)));
  return valuesOf(narrow.schema)?.every((value) => known.has(JSON.stringify(value))) ?? false;
}

function fitsBounds({ schema: wide }: Rooted, { schema: narrow }: Rooted): boolean {
  return Object.keys(wide).every((key) => {
    if (structure.has(key)) return true;
    const [a, b] = [wide[key], narrow[key]];
    if (typeof a === "number" && lowest.includes(key)) return typeof b === "number" && b >= a;
    if (typeof a === "number" && highest.includes(key)) return typeof b === "number" && b <= a;
    return JSON.stringify(sortedJson(a)) === JSON.stringify(sortedJson(b));
  });
}

function fitsFields(wide: Rooted, narrow: Rooted, open: ReadonlySet<string>): boolean {
  const given = fieldsOf(narrow);
  for (const [name, field] of fieldsOf(wide)) {
    const other = given.get(name);
    if (other ? (field.required && !other.required) || !accepts(field, other, open) : field.required) return false;
  }
  return true;
}

function fitsInner(wide: Rooted, narrow: Rooted, open: ReadonlySet<string>): boolean {
  for (const key of ["additionalProperties", "items"] as const) {
    const inner = innerOf(wide, key);
    const other = innerOf(narrow, key);
    if (!inner) continue;
    if (other ? !accepts(inner, other, open) : key === "items" && !isRecord(narrow.schema["items"])) return false;
    if (key === "additionalProperties" && ![...fieldsOf(narrow).values()].every((field) => accepts(inner, field, open))) return false;
  }
  return true;
}

/** A text that is the same for the same schema. */
export function keyOf(given: Rooted): string {
  return JSON.stringify(sortedJson(plain(resolved(given).schema)));
}

/** Without annotations, at every depth. A field named like one stays: it stands in `properties`. */
function plain(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(plain);
  if (!isRecord(schema)) return schema;
  const { schema: bare } = "$ref" in schema ? { schema } : resolved({ schema, root: {} });
  return Object.fromEntries(
    Object.entries(bare).map(([key, held]) => [
      key,
      key === "properties" && isRecord(held) ? Object.fromEntries(Object.entries(held).map(([name, inner]) => [name, plain(inner)])) : plain(held),
    ]),
  );
}
