/**
 * The order in which conditions and orders compare values: what `document_key` of the schema makes of a value in the
 * database, made here of one to compare with. The letters are kinds, in their order: absent, null, false, true, numbers,
 * texts, then arrays and objects, which are all alike.
 *
 * @see SQL: `schema/tables/001-store/11-document-key.sql`
 */
export function documentKey(value: unknown): string {
  switch (typeof value) {
    case "string":
      return `s${beginning(value)}`;
    case "number":
      return numberKey(value);
    case "boolean":
      return value ? "d" : "c";
    case "undefined":
      return "a";
    default:
      return value === null ? "b" : "t";
  }
}

/** Where the kinds begin and end: every key of a number is at or above the one and below the other. */
export const kinds = { number: { from: "n", to: "o" }, string: { from: "s", to: "t" } } as const;

/** The code points of a text that its key holds. */
const mostCharacters = 150;

/** Whether longer texts can have the same key. */
export function fillsKey(text: string): boolean {
  return text.length >= mostCharacters && Array.from(text.slice(0, 2 * mostCharacters)).length >= mostCharacters;
}

function beginning(text: string): string {
  return text.length <= mostCharacters
    ? text
    : Array.from(text.slice(0, 2 * mostCharacters))
        .slice(0, mostCharacters)
        .join("");
}

const bytes = Buffer.alloc(8);

function numberKey(value: number): string {
  // -0 is 0 in JSON.
  bytes.writeDoubleBE(value + 0);
  if (value >= 0) return `n1${bytes.toString("hex")}`;
  for (const [index, byte] of bytes.entries()) bytes[index] = ~byte;
  return `n0${bytes.toString("hex")}`;
}
