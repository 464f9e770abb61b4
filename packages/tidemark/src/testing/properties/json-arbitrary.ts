import type { Arbitrary } from "fast-check";
import { isRecord } from "../../arguments/options.ts";
import { referred } from "../../catalogue/stored-json-schema.ts";
import type { FastCheck } from "./fast-check.ts";

type Schema = Readonly<Record<string, unknown>>;

/** A schema that contains itself ends after so many references. */
const mostReferences = 4;
const maxYear = Date.UTC(9999, 0, 1);

/**
 * Makes JSON by a JSON Schema (draft 2020-12). It follows the keywords that give a value its form. Others, such as `not`, are left to the
 * schema, which has to refuse what does not fit.
 */
export class JsonArbitrary {
  readonly #fc: FastCheck;
  readonly #root: unknown;

  constructor(fc: FastCheck, root: object) {
    this.#fc = fc;
    this.#root = root;
  }

  /** Undefined: only a value without end would fit. */
  of(schema: unknown, references = 0): Arbitrary<unknown> | undefined {
    if (schema === false) return undefined;
    // Without -0, which no event can hold.
    if (!isRecord(schema)) return this.#fc.jsonValue({ maxDepth: 2 }).map((value): unknown => JSON.parse(JSON.stringify(value)));
    const { $ref: ref, allOf, ...rest } = schema;
    if (typeof ref === "string") return references === mostReferences ? undefined : this.of(merged([referred(this.#root, ref), rest]), references + 1);
    if (Array.isArray(allOf)) return this.of(merged([...allOf.map((part) => this.#resolved(part)), rest]), references);
    return this.#alternatives(rest, references) ?? this.#one(rest, references);
  }

  #resolved(schema: unknown): unknown {
    return isRecord(schema) && typeof schema["$ref"] === "string" ? referred(this.#root, schema["$ref"]) : schema;
  }

  #alternatives({ anyOf, oneOf, ...rest }: Schema, references: number): Arbitrary<unknown> | undefined {
    const alternatives: unknown = anyOf ?? oneOf;
    if (Array.isArray(alternatives))
      return this.#anyOf(
        alternatives.map((one) => (Object.keys(rest).some(isForm) ? merged([rest, one]) : one)),
        references,
      );
    const { type, ...form } = rest;
    return Array.isArray(type)
      ? this.#anyOf(
          type.map((one: unknown) => ({ ...form, type: one })),
          references,
        )
      : undefined;
  }

  #anyOf(schemas: readonly unknown[], references: number): Arbitrary<unknown> | undefined {
    const found = schemas.flatMap((schema) => this.of(schema, references) ?? []);
    return found.length === 0 ? undefined : this.#fc.oneof(...found);
  }

  #one(schema: Schema, references: number): Arbitrary<unknown> | undefined {
    const { type, enum: values } = schema;
    if ("const" in schema) return this.#fc.constant(schema["const"]);
    if (Array.isArray(values)) return this.#fc.constantFrom<unknown[]>(...values);
    if (type === "string") return this.#text(schema);
    if (type === "number" || type === "integer") return this.#number(schema);
    if (type === "boolean") return this.#fc.boolean();
    if (type === "null") return this.#fc.constant(null);
    if (type === "array" || "items" in schema || "prefixItems" in schema) return this.#list(schema, references);
    if (type === "object" || "properties" in schema || "additionalProperties" in schema) return this.#object(schema, references);
    return this.of(true);
  }

  #text({ format, pattern, minLength, maxLength }: Schema): Arbitrary<string> {
    const known = typeof format === "string" ? this.#formatted(format) : undefined;
    const expression = typeof pattern === "string" ? new RegExp(pattern, "u") : undefined;
    if (known) return expression ? known.filter((text) => expression.test(text)) : known;
    const [least, most] = [numberOr(minLength, 0), numberOr(maxLength, Number.POSITIVE_INFINITY)];
    if (expression) return this.#fc.stringMatching(expression).filter((text) => text.length >= least && text.length <= most);
    const bounds = { minLength: least, ...(most < 1_000_000 && { maxLength: most }) };
    // A grapheme is several code units, which some libraries count.
    return this.#fc.oneof(this.#fc.string(bounds), this.#fc.string({ ...bounds, unit: "grapheme" }));
  }

  #formatted(format: string): Arbitrary<string> | undefined {
    const fc = this.#fc;
    const date = fc.date({ min: new Date(0), max: new Date(maxYear), noInvalidDate: true });
    if (format === "date-time") return date.map((at) => at.toISOString());
    if (format === "date") return date.map((at) => at.toISOString().slice(0, 10));
    if (format === "time") return date.map((at) => at.toISOString().slice(11, 19));
    if (format === "uuid") return fc.uuid();
    if (format === "email") return fc.emailAddress();
    if (format === "uri" || format === "url") return fc.webUrl();
    if (format === "ipv4") return fc.ipV4();
    return format === "ipv6" ? fc.ipV6() : undefined;
  }

  #number({ type, minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf }: Schema): Arbitrary<number> {
    const low = Math.max(numberOr(minimum, -Number.MAX_VALUE), numberOr(exclusiveMinimum, -Number.MAX_VALUE));
    const high = Math.min(numberOr(maximum, Number.MAX_VALUE), numberOr(exclusiveMaximum, Number.MAX_VALUE));
    const [minExcluded, maxExcluded] = [low === exclusiveMinimum, high === exclusiveMaximum];
    const step = typeof multipleOf === "number" && multipleOf > 0 ? multipleOf : type === "integer" ? 1 : undefined;
    // PostgreSQL keeps every number of JavaScript; only -0 is none of JSON's.
    if (step === undefined) return this.#fc.double({ min: low, max: high, minExcluded, maxExcluded, noNaN: true }).map((value) => (value === 0 ? 0 : value));
    const [first, last] = [Math.ceil(clamped(low / step)), Math.floor(clamped(high / step))];
    const [min, max] = [minExcluded && first * step === low ? first + 1 : first, maxExcluded && last * step === high ? last - 1 : last];
    return this.#fc.integer({ min, max }).map((value) => (value === 0 ? 0 : value * step));
  }

  #list({ items, prefixItems, minItems, maxItems, uniqueItems }: Schema, references: number): Arbitrary<unknown> | undefined {
    const first = Array.isArray(prefixItems) ? prefixItems.map((item: unknown) => this.of(item, references)) : [];
    const known = first.flatMap((item) => item ?? []);
    if (known.length < first.length) return undefined;
    const tuple = this.#fc.tuple(...known);
    const item = items === false ? undefined : this.of(items ?? true, references);
    const least = Math.max(0, numberOr(minItems, 0) - known.length);
    const most = Math.max(least, Math.min(numberOr(maxItems, Number.POSITIVE_INFINITY) - known.length, least + 5));
    if (!item) return least > 0 ? undefined : tuple;
    if (known.length > 0 && items === undefined && maxItems === undefined) return tuple;
    const bounds = { minLength: least, maxLength: most };
    const others = uniqueItems === true ? this.#fc.uniqueArray(item, { ...bounds, selector: (value) => JSON.stringify(value) }) : this.#fc.array(item, bounds);
    return this.#fc.tuple(tuple, others).map(([head, tail]) => [...head, ...tail]);
  }

  #object({ properties, required, additionalProperties, propertyNames }: Schema, references: number): Arbitrary<unknown> | undefined {
    const model: Record<string, Arbitrary<unknown>> = {};
    const needed = new Set<unknown>(Array.isArray(required) ? required : []);
    for (const [name, schema] of Object.entries(isRecord(properties) ? properties : {})) {
      const value = this.of(schema, references);
      if (value) Object.defineProperty(model, name, { value, enumerable: true });
      else if (needed.has(name)) return undefined;
    }
    const record = this.#fc.record(model, { requiredKeys: Object.keys(model).filter((name) => needed.has(name)) });
    const other = isRecord(additionalProperties) ? this.of(additionalProperties, references) : undefined;
    if (!other) return record;
    const names = (isRecord(propertyNames) && this.of({ type: "string", ...propertyNames }, references)) || this.#fc.string();
    const entries = this.#fc.dictionary(names.map(String), other, { maxKeys: 5, noNullPrototype: true });
    return this.#fc.tuple(entries, record).map(([more, fixed]) => ({ ...more, ...fixed }));
  }
}

/** Keywords that say what a value looks like; the rest describe it. */
function isForm(keyword: string): boolean {
  return ["type", "properties", "items", "enum", "const", "additionalProperties", "pattern"].includes(keyword);
}

/** A schema to which a value fits that fits all of these. */
function merged(schemas: readonly unknown[]): Schema {
  return schemas.filter(isRecord).reduce<Schema>((all, schema) => {
    const properties = { ...recordOf(all["properties"]), ...recordOf(schema["properties"]) };
    const required = [...listOf(all["required"]), ...listOf(schema["required"])];
    return { ...all, ...schema, ...(Object.keys(properties).length > 0 && { properties }), ...(required.length > 0 && { required }) };
  }, {});
}

function recordOf(value: unknown): Schema {
  return isRecord(value) ? value : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function numberOr(value: unknown, fallback: number): number {
  return typeof value === "number" ? value : fallback;
}

function clamped(value: number): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, value));
}
