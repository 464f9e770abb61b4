import { type Check, listOf } from "../arguments/checks.ts";
import { encodeJson } from "../arguments/json.ts";
import { checkCategory, checkEventType, checkStreamId, checkTag } from "../arguments/names.ts";
import { checkOptions, isRecord } from "../arguments/options.ts";
import { show } from "../arguments/show.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { EventQuery } from "../model/event.ts";

/** Planning takes the square of them: 100 take some 50 ms, 1,000 three seconds. */
const mostItems = 100;
/** Over all alternatives. */
const mostNames = 10_000;

/** One alternative of a filter, checked; everything in it must hold. */
export interface ValidQueryItem {
  readonly types?: readonly string[];
  readonly categories?: readonly string[];
  readonly streamIds?: readonly string[];
  readonly tags?: readonly string[];
  /** JSON that the event's data contains. */
  readonly data?: string;
}

const shape = {
  types: listOf(checkEventType),
  categories: listOf(checkCategory),
  streamIds: listOf(checkStreamId),
  tags: listOf(checkTag),
  data: encodeData,
};
const checkItems: Check<readonly ValidQueryItem[]> = listOf((item, path) => checkOptions(objectAt(item, path), shape, path));

/** The alternatives of an `EventQuery`, which may be a single one. `{}` matches every event. */
export function checkFilter(filter: unknown, path: string): readonly ValidQueryItem[] {
  if (Array.isArray(filter) && filter.length > mostItems) {
    throw new InvalidArgumentError(
      path,
      `has ${filter.length} alternatives; a filter takes at most ${mostItems}. Put names into one: { types: ["A", "B"] } matches both`,
    );
  }
  const items = Array.isArray(filter) ? checkItems(filter, path) : [checkOptions(objectAt(filter, path), shape, path)];
  const names = items.reduce((sum, item) => sum + namesIn(item), 0);
  if (names > mostNames) throw new InvalidArgumentError(path, `names ${names} types, categories, streams and tags; a filter takes at most ${mostNames}`);
  return items;
}

function namesIn({ types, categories, streamIds, tags }: ValidQueryItem): number {
  return [types, categories, streamIds, tags].reduce((sum, list) => sum + (list?.length ?? 0), 0);
}

/** A copy of a filter as it was written, which was checked for its mistakes and which the caller's later changes do not reach. */
export function checkQuery(value: unknown, path: string): EventQuery {
  if (isQuery(value, path)) return structuredClone(value);
  throw new InvalidArgumentError(path, "is no filter");
}

function isQuery(value: unknown, path: string): value is EventQuery {
  return checkFilter(value, path).length > 0;
}

function encodeData(data: unknown, path: string): string {
  return encodeJson(objectAt(data, path), path);
}

function objectAt(value: unknown, path: string): object {
  if (isRecord(value)) return value;
  throw new InvalidArgumentError(path, `must be an object, not ${show(value)}`);
}
