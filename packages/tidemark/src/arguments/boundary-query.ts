import { InvalidArgumentError } from "../errors/errors.ts";
import type { Boundary } from "../model/event.ts";
import { type Check, listOf, wholeNumber } from "./checks.ts";
import { checkEventType, checkTag } from "./names.ts";
import { checkOptions, isRecord } from "./options.ts";
import { describeValue } from "./describe-value.ts";

/** One alternative of a boundary's query, checked; without types and tags it matches every event. */
export interface ValidBoundaryItem {
  readonly types?: readonly string[];
  /** In the order given: the first one is what a condition locks. */
  readonly tags?: readonly string[];
}

/** Alternatives of one query. */
export const maxItems = 100;
/** Over all alternatives: each is a lock where its alternative has no tags. */
export const maxTypes = 500;

const shape = {
  types: unique(checkEventType),
  tags: unique(checkTag),
  categories: refuseOther,
  streamIds: refuseOther,
  data: refuseOther,
};
const boundaryShape = { mark: wholeNumber(0), above: wholeNumber(0, 2_147_483_646) };

/** A query by types and tags; `[]` is `[{}]`. */
export function checkBoundaryQuery(query: unknown, path: string): readonly ValidBoundaryItem[] {
  if (!Array.isArray(query)) {
    throw new InvalidArgumentError(path, `must be an array of { types, tags }, not ${describeValue(query)}${isRecord(query) ? "; put it into an array" : ""}`);
  }
  if (query.length > maxItems) throw new InvalidArgumentError(path, `has ${query.length} alternatives; a boundary takes at most ${maxItems}`);
  const items = Array.from(query, (item: unknown, index): ValidBoundaryItem => {
    const at = `${path}[${index}]`;
    if (!isRecord(item)) throw new InvalidArgumentError(at, `must be { types, tags }, not ${describeValue(item)}`);
    return checkOptions(item, shape, at);
  });
  const types = items.reduce((sum, item) => sum + (item.types?.length ?? 0), 0);
  if (types > maxTypes) throw new InvalidArgumentError(path, `has ${types} types; a boundary takes at most ${maxTypes}`);
  return items.length === 0 ? [{}] : items;
}

/** Where a condition begins: a position, or what `readBoundary` gave, which may have been JSON meanwhile. */
export function checkBoundary(after: unknown, path: string): Boundary {
  if (!isRecord(after)) {
    if (typeof after === "number") return { mark: wholeNumber(0)(after, path), above: 0 };
    throw new InvalidArgumentError(path, `must be a position or the boundary of readBoundary, not ${describeValue(after)}`);
  }
  const { mark, above } = checkOptions(after, boundaryShape, path);
  if (mark === undefined || above === undefined) {
    throw new InvalidArgumentError(path, `must be the boundary of readBoundary, which has mark and above; ${mark === undefined ? "mark" : "above"} is missing`);
  }
  return { mark, above };
}

function unique(check: Check<string>): Check<readonly string[]> {
  const list = listOf(check);
  return (value, path) => [...new Set(list(value, path))];
}

/** They are not locked, so nothing would keep such a condition true until the append commits. */
function refuseOther(_value: unknown, path: string): never {
  throw new InvalidArgumentError(
    path,
    "cannot be part of a boundary, which asks for types and tags only. Tag the events, or expect versions of streams with appendToStreams",
  );
}
