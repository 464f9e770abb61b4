import { isRecord } from "../arguments/options.ts";
import { MissingDependencyError } from "../errors/opening.ts";

/** What a JSON Schema describes: data as it is read, or as it is stored. */
export type JsonSchemaForm = "read" | "stored";

/** Valibot leaves JSON Schema to a package of its own, which an application installs beside it. */
export async function valibotSchema(schema: unknown, form: JsonSchemaForm): Promise<unknown> {
  const convert = await importConverter();
  const options = form === "read" ? { errorMode: "throw" } : { errorMode: "ignore", overrideAction: openTransformation };
  const described = convert(schema, { target: "draft-2020-12", typeMode: "output", ...options });
  requireDefaults(described);
  return described;
}

type Convert = (schema: unknown, config: object) => unknown;
const converter: string = "@valibot/to-json-schema";

async function importConverter(): Promise<Convert> {
  let module: unknown;
  try {
    module = await import(converter);
  } catch (error) {
    throw new MissingDependencyError(converter, "The JSON Schema of a schema of valibot", { cause: error });
  }
  const convert = isRecord(module) ? module["toJsonSchema"] : undefined;
  if (!isConvert(convert)) throw new MissingDependencyError(converter, "The JSON Schema of a schema of valibot");
  return convert;
}

function isConvert(value: unknown): value is Convert {
  return typeof value === "function";
}

/** What a transformation returns has a type for the compiler alone. Ignored, it would pass for what went in. */
function openTransformation({ valibotAction }: { readonly valibotAction: { readonly kind: string } }): object | undefined {
  return valibotAction.kind === "transformation" ? {} : undefined;
}

/** A field with a default is never missing in what a schema returns. The package lists it as optional all the same. */
function requireDefaults(schema: unknown): void {
  if (Array.isArray(schema)) return schema.forEach(requireDefaults);
  if (!isObject(schema)) return;
  const { properties } = schema;
  if (isRecord(properties)) {
    const required: unknown[] = Array.isArray(schema["required"]) ? schema["required"] : [];
    const filled = Object.keys(properties).filter((key) => isRecord(properties[key]) && "default" in properties[key] && !required.includes(key));
    if (filled.length > 0) schema["required"] = [...required, ...filled];
  }
  for (const [key, held] of Object.entries(schema)) if (key !== "default" && key !== "const" && key !== "enum") requireDefaults(held);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return isRecord(value);
}
