import { escapeUnsafe, quoteStep } from "../../arguments/describe-value.ts";
import { isRecord } from "../../arguments/options.ts";

/** A place at which two JSON documents differ. Undefined: nothing is there. */
export interface JsonDifference {
  readonly path: string;
  readonly expected: unknown;
  readonly got: unknown;
}

/** Where two JSON documents differ, as deep as they are of one kind, in the order of their keys. */
export function jsonDifferences(expected: unknown, got: unknown, path: string): readonly JsonDifference[] {
  if (Array.isArray(expected) && Array.isArray(got)) {
    return Array.from({ length: Math.max(expected.length, got.length) }, (_, n) => jsonDifferences(expected[n], got[n], path + quoteStep(n))).flat();
  }
  if (isRecord(expected) && isRecord(got)) {
    const keys = [...new Set([...Object.keys(expected), ...Object.keys(got)])].toSorted();
    return keys.flatMap((key) => jsonDifferences(fieldOf(expected, key), fieldOf(got, key), path + quoteStep(key)));
  }
  return Object.is(expected, got) ? [] : [{ path, expected, got }];
}

/** `becomes[0].data.gift: expected nothing, got false` */
export function differenceText({ path, expected, got }: JsonDifference): string {
  return `${path}: expected ${shown(expected)}, got ${shown(got)}`;
}

function fieldOf(value: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

const shownCharacters = 300;

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = escapeUnsafe(JSON.stringify(value));
  return text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text;
}
