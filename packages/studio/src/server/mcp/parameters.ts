import { mostRows } from "../api/parameters.ts";
import { described, oneOf } from "./schemas.ts";
import type { JsonSchema, ToolParameter } from "./tool.ts";

export const limit: ToolParameter = { schema: { type: "integer", minimum: 1, maximum: mostRows, description: `The most rows. 50 unless given.` } };
export const direction: ToolParameter = { schema: { ...oneOf("forward", "backward"), description: 'Oldest or newest first. "forward" unless given.' } };

export function parameter(schema: JsonSchema, description: string, sentAs?: string): ToolParameter {
  return { schema: described(schema, description), ...(sentAs !== undefined && { sentAs }) };
}

export const position: JsonSchema = { type: "integer", minimum: 0 };
export const some: JsonSchema = { type: "string", minLength: 1, maxLength: 1_024 };
export const several: JsonSchema = { type: "array", items: some, maxItems: 50 };
