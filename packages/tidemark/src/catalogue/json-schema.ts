import type { EventShape } from "./event-shape.ts";

/** The JSON Schema of a type's data, or why there is none. */
export type DescribedData = { readonly schema: object } | { readonly missing: string };

/** The JSON Schema (draft 2020-12) of what a type's schema returns, by Standard JSON Schema. Asks no library by name. */
export function describeData({ checks, schema }: EventShape): DescribedData {
  if (!checks) return { missing: "event<Data>() has a type of TypeScript only" };
  const standard: object = schema["~standard"];
  const jsonSchema = "jsonSchema" in standard ? standard.jsonSchema : undefined;
  if (typeof jsonSchema !== "object" || jsonSchema === null || !("output" in jsonSchema) || typeof jsonSchema.output !== "function") {
    return { missing: `this schema of ${schema["~standard"].vendor} has no Standard JSON Schema` };
  }
  try {
    const described: unknown = jsonSchema.output({ target: "draft-2020-12" });
    if (typeof described === "object" && described !== null) return { schema: described };
    return { missing: `${schema["~standard"].vendor} gave no object` };
  } catch (error) {
    // Libraries throw for what JSON does not have, such as dates.
    return { missing: `${schema["~standard"].vendor}: ${error instanceof Error ? error.message : String(error)}` };
  }
}
