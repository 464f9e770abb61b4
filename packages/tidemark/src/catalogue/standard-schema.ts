/**
 * A schema of any library that follows [Standard Schema](https://standardschema.dev) version 1: zod, valibot, arktype and others. It may be
 * an object or a function, and may validate asynchronously.
 *
 * @example
 * ```ts
 * const anything: StandardSchema = { "~standard": { version: 1, vendor: "mine", validate: (value) => ({ value }) } };
 * ```
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/**
 * The result of a schema: a value, or the issues that it found.
 *
 * @example
 * ```ts
 * const refused: SchemaResult<string> = { issues: [{ message: "Expected a string", path: ["lines", 0, "sku"] }] };
 * ```
 */
export type SchemaResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

/**
 * One problem that a schema found, with its place in the value.
 *
 * @example
 * ```ts
 * const issue: SchemaIssue = { message: "Expected a number", path: [{ key: "price" }] };
 * ```
 */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a schema accepts. */
export type SchemaInput<Schema> = Schema extends StandardSchema ? NonNullable<Schema["~standard"]["types"]>["input"] : never;

/** What a schema returns. */
export type SchemaOutput<Schema> = Schema extends StandardSchema ? NonNullable<Schema["~standard"]["types"]>["output"] : never;

/** Whether a value follows Standard Schema. Those of some libraries are functions. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== "object" && typeof value !== "function") || value === null || !("~standard" in value)) return false;
  const standard = value["~standard"];
  return typeof standard === "object" && standard !== null && "validate" in standard && typeof standard.validate === "function";
}
