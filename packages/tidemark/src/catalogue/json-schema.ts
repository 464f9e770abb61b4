import { isRecord } from "../arguments/options.ts";
import { isTidemarkError } from "../errors/errors.ts";
import type { EventShape } from "./event-shape.ts";
import { storedJsonSchema } from "./stored-json-schema.ts";
import { type JsonSchemaForm, valibotSchema } from "./valibot-schema.ts";

/** The JSON Schema of a type's data, or why there is none. */
export type DescribedData = { readonly schema: object } | { readonly missing: string };

/** What libraries are to do with what JSON does not have, such as dates: leave it open. Each reads its own option. */
const open = { unrepresentable: "any", fallback: ({ base }: { readonly base: unknown }): unknown => base };

/**
 * The JSON Schema (draft 2020-12) of what a type's schema returns, or of what is stored of that: by Standard JSON Schema, and of valibot by
 * its own package.
 *
 * @throws {@link MissingDependencyError} — a schema of valibot needs `@valibot/to-json-schema`.
 */
export async function describeData({ checks, schema, stored }: EventShape, form: JsonSchemaForm = "read"): Promise<DescribedData> {
  if (!checks) return { missing: "event<Data>() has a type of TypeScript only" };
  const { vendor, ...standard } = schema["~standard"];
  try {
    const described = vendor === "valibot" ? await valibotSchema(schema, form) : standardSchema(standard, form);
    if (described === undefined) return { missing: `this schema of ${vendor} has no Standard JSON Schema` };
    if (!isRecord(described)) return { missing: `${vendor} gave no object` };
    return { schema: form === "stored" ? storedJsonSchema(described, stored?.codecs ?? new Map()) : described };
  } catch (error) {
    if (isTidemarkError(error)) throw error;
    // Libraries throw for what JSON does not have.
    return { missing: `${vendor}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function standardSchema(standard: object, form: JsonSchemaForm): unknown {
  const jsonSchema = "jsonSchema" in standard ? standard.jsonSchema : undefined;
  if (!isRecord(jsonSchema) || typeof jsonSchema["output"] !== "function") return undefined;
  return jsonSchema["output"]({ target: "draft-2020-12", ...(form === "stored" && { libraryOptions: open }) });
}
