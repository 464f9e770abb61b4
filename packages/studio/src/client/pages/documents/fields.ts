import { ExactNumber, exactJson, type Json } from "../../../wire/exact-json.ts";
import type { DocumentLine } from "../../../wire/projection-reports.ts";

export type Kind = "text" | "number" | "yes or no" | "list" | "object" | "nothing";

/** A path into documents, and the kind of value that stands there. */
export interface Field {
  readonly path: string;
  readonly kind: Kind;
}

const deepest = 5;
const most = 200;

/** The fields of documents, as deep as filters go. */
export function fieldsOf(documents: readonly DocumentLine[]): readonly Field[] {
  const found = new Map<string, Kind>([["_id", "text"]]);
  const look = (value: Json, steps: readonly string[]): void => {
    const kind = kindOf(value);
    if (steps.length > 0 && found.get(steps.join(".")) !== undefined && kind === "nothing") return;
    if (steps.length > 0 && kind !== "object") found.set(steps.join("."), kind);
    if (kind !== "object" || steps.length === deepest || found.size >= most) return;
    for (const [key, member] of Object.entries(value ?? {})) look(member, [...steps, key.replaceAll(/[.\\]/g, (special) => `\\${special}`)]);
  };
  for (const { data } of documents) look(exactJson(data), []);
  return [...found].map(([path, kind]) => ({ path, kind }));
}

function kindOf(value: Json): Kind {
  if (value === null) return "nothing";
  if (value instanceof ExactNumber) return "number";
  if (Array.isArray(value)) return "list";
  if (typeof value === "object") return "object";
  return typeof value === "boolean" ? "yes or no" : "text";
}

/** What was typed, as a value of the kind; undefined where it is none. Of a field that is not known, JSON is taken for what it says. */
export function valueOf(text: string, kind: Kind | undefined): unknown {
  if (kind === "text") return text;
  if (text === "null") return null;
  if (kind === "number") return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : undefined;
  if (kind === "yes or no") return text === "true" || text === "yes" ? true : text === "false" || text === "no" ? false : undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return parsed;
  } catch {
    return text;
  }
}
