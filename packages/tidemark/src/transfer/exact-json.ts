/**
 * JSON in which every number is still the one that was written. JavaScript's numbers hold 15 digits for certain: read and
 * written again, 9007199254740993 ends in a 2.
 */
export interface ExactJson {
  readonly value: unknown;
  /** The same, for JSON.stringify, with such numbers as they were; undefined where there is none. */
  readonly exact?: unknown;
}

/** A number of many digits, with an exponent or with a zero behind its fraction: only these can come out as another text. */
const changeable = /[:,[]\s*-?(?:\d{16}|\d+[eE]|\d*\.\d*(?:[eE]|0[\s,\]}]|\d{15}))/;
/** What PostgreSQL's numeric takes without a doubt. */
const storable = /^-?\d{1,1000}(?:\.\d{1,1000})?(?:[eE][+-]?\d{1,3})?$/;

/** Throws a `SyntaxError` where the text is no JSON, or holds a number beyond what can be stored. */
export function parseExactly(text: string): ExactJson {
  const value: unknown = JSON.parse(text);
  if (!changeable.test(text) && !/^\s*-?[\d.]/.test(text)) return { value };
  let changed = false;
  const exact: unknown = JSON.parse(text, (_key: string, held: unknown, context?: { readonly source?: string }) => {
    const source = context?.source;
    if (typeof held !== "number" || source === undefined || `${held}` === source) return held;
    if (!storable.test(source) || !Number.isFinite(held)) throw new SyntaxError(`it holds the number ${source.slice(0, 40)}, which is out of range`);
    changed = true;
    return rawJson(source);
  });
  return changed ? { value, exact } : { value };
}

/** `JSON.rawJSON`, which TypeScript's library does not know yet. */
function rawJson(source: string): unknown {
  const make: unknown = Reflect.get(JSON, "rawJSON");
  return typeof make === "function" ? make.call(JSON, source) : Number(source);
}
