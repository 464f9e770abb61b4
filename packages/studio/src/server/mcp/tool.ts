import type { Reading } from "../api/call.ts";

/** A JSON Schema. */
export type JsonSchema = { readonly [key: string]: unknown };

/** An argument of a tool. */
export interface ToolParameter {
  readonly schema: JsonSchema;
  /** The reading's parameter, where it has another name. */
  readonly sentAs?: string;
}

/** A question that a model may ask: a reading of the studio under a name, with what goes in and what comes out. */
export interface ReadingTool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly parameters: Readonly<Record<string, ToolParameter>>;
  readonly required?: readonly string[];
  readonly read: Reading;
  /** Of the reading's report. */
  readonly report: JsonSchema;
  /** Which list of the report may lose its end where the report is too large. */
  readonly rows?: string;
  /** How to ask for what was left out; told with a report that was cut. */
  readonly more: string;
}

/** What the tool takes, for the protocol. */
export function inputSchema({ parameters, required = [] }: Pick<ReadingTool, "parameters" | "required">): JsonSchema {
  const properties = Object.fromEntries(Object.entries(parameters).map(([name, { schema }]) => [name, schema]));
  return { type: "object", properties, required, additionalProperties: false };
}

/** What every reading tool gives: the report, and what was left out of it. */
export function outputSchema({ report }: Pick<ReadingTool, "report">): JsonSchema {
  const cut = { type: "array", items: { type: "string" }, description: "What was left out to keep the answer short, and how to ask for it. Empty: nothing." };
  return { type: "object", properties: { report, cut }, required: ["report", "cut"], additionalProperties: false };
}

/** The arguments, which the protocol has checked against the schema, as the reading's parameters. */
export function queryOf({ parameters }: Pick<ReadingTool, "parameters">, given: Readonly<Record<string, unknown>>): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, { sentAs = name }] of Object.entries(parameters)) {
    const value = given[name];
    for (const each of Array.isArray(value) ? value : [value]) if (each !== undefined) query.append(sentAs, String(each));
  }
  return query;
}
