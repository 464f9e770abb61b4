import type { StandardSchema } from "./standard-schema.ts";

/**
 * A type without validation, also as the `schema` of a definition: whatever JSON is appended is stored.
 *
 * @example
 * ```ts
 * const events = defineEvents({ ItemAdded: event<{ sku: string; quantity: number }>() });
 * console.log(events.types); // => [ 'ItemAdded' ]
 * ```
 */
export function event<Data>(): StandardSchema<Data> {
  return { "~standard": { version: 1, vendor: "tidemark", validate: accept } };
}

/** Every value is taken for what the compiler says it is. */
// oxlint-disable-next-line typescript/no-explicit-any -- the result has the type that the caller of event names
function accept(value: any): { readonly value: any } {
  return { value };
}

/** Whether a schema was made by `event` and has nothing to check. */
export function checksNothing(schema: StandardSchema): boolean {
  return schema["~standard"].validate === accept;
}
