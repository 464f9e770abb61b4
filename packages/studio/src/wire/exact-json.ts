/** JSON whose numbers are kept as they are written. */
export type Json = null | boolean | string | ExactNumber | Json[] | { [key: string]: Json };

/** A number as PostgreSQL holds it, which may have more digits than a JavaScript number. */
export class ExactNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** TypeScript does not know the third argument of a reviver yet, which every supported Node.js gives. */
export function exactJson(text: string): Json {
  const json: Json = JSON.parse(text, (_key, value: unknown, ...[context]: readonly { readonly source?: string }[]) =>
    typeof value === "number" ? new ExactNumber(context?.source ?? String(value)) : value,
  );
  return json;
}

export function exactText(value: Json): string {
  if (value instanceof ExactNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(exactText).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, member]) => `${JSON.stringify(key)}:${exactText(member)}`)
    .join(",")}}`;
}
