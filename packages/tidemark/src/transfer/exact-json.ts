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
/** A number that JavaScript may read as zero with a sign, or a text that looks like one. */
const signedZero = /-(?:0(?:\.0*)?(?![\d.])|[\d.]+[eE]-)/;
const zero = /^-0(?:\.0*)?(?:[eE][+-]?\d+)?$/;
/** What PostgreSQL's numeric takes without a doubt. */
const storable = /^-?\d{1,1000}(?:\.\d{1,1000})?(?:[eE][+-]?\d{1,3})?$/;

/**
 * Throws a `SyntaxError` where the text is no JSON, or holds a number beyond what can be stored. The zero of PostgreSQL's numbers
 * has no sign, so that -0.0, as other languages write it, is 0.
 */
export function parseExactly(text: string): ExactJson {
  const value: unknown = signedZero.test(text) ? JSON.parse(text, (_key, held: unknown) => (Object.is(held, -0) ? 0 : held)) : JSON.parse(text);
  if (!changeable.test(text) && !/^\s*-?[\d.]/.test(text)) return { value };
  let changed = false;
  const exact: unknown = JSON.parse(text, (_key: string, held: unknown, context?: { readonly source?: string }) => {
    const source = context?.source;
    if (typeof held !== "number" || source === undefined || `${held}` === source) return held;
    if (zero.test(source)) return 0;
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
