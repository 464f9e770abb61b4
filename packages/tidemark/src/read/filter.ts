import { type Check, checkDate, listOf } from "../arguments/checks.ts";
import { encodeJson } from "../arguments/json.ts";
import { checkCategory, checkEventType, checkPrefix, checkStreamId, checkTag } from "../arguments/names.ts";
import { checkOptions, isRecord } from "../arguments/options.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { EventQuery, EventQueryItem } from "../model/event.ts";

/** Planning takes the square of them: 100 take some 50 ms, 1,000 three seconds. */
const mostItems = 100;
/** PostgreSQL's calendar does not reach as far back as a Date, and nothing was recorded before year 1. */
export const earliestMs: number = Date.parse("0001-01-01T00:00:00Z");
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
  /** With `data`: events in a newer version of their shape than the first match whatever they contain. */
  readonly orNewer?: true;
  /** How the stream's id begins. */
  readonly prefix?: string;
  /** When it was recorded, at the earliest. */
  readonly since?: Date;
}

/** What `readAll`, `subscribe` and consumers take beside a filter: it holds for each of its alternatives. */
export interface LogBounds {
  readonly prefix?: string;
  readonly since?: Date;
}

/** The checks of `LogBounds`, for the options of a call. */
export const logBoundsShape: { readonly prefix: Check<string>; readonly since: Check<Date> } = { prefix: checkPrefix, since: checkDate };

const shape = {
  types: listOf(checkEventType),
  categories: listOf(checkCategory),
  streamIds: listOf(checkStreamId),
  tags: listOf(checkTag),
  data: encodeData,
  ...logBoundsShape,
};
const checkItems: Check<readonly ValidQueryItem[]> = listOf(
  (item, path) => checkOptions(objectAt(item, path), shape, path),
  "it could match nothing or everything; pass {} to match everything",
);

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

/**
 * A filter each of whose alternatives keeps these bounds as well. Undefined where nothing is asked for.
 *
 * @throws {@link InvalidArgumentError} — a bound is given twice: of two prefixes or times one would be ignored.
 */
export function within<Item extends LogBounds>(items: readonly Item[] | undefined, { prefix, since }: LogBounds): readonly (Item | LogBounds)[] | undefined {
  const bounds: LogBounds = { ...(prefix !== undefined && { prefix }), ...(since && { since }) };
  if (Object.keys(bounds).length === 0) return items;
  if (items === undefined) return [bounds];
  return items.map((item) => {
    for (const bound of ["prefix", "since"] as const)
      if (item[bound] !== undefined && bounds[bound] !== undefined)
        throw new InvalidArgumentError(`options.${bound}`, `is given twice: as an option and in the filter. Leave one of them out.`);
    return { ...item, ...bounds };
  });
}

/** The same of a filter as it was written. */
export function queryWithin(query: EventQuery | undefined, { prefix, since }: LogBounds): EventQuery | undefined {
  // As it was written where nothing is added: what is kept of a definition is compared with what was kept before.
  if (prefix === undefined && since === undefined) return query;
  return within(query === undefined ? undefined : isList(query) ? query : [query], { ...(prefix !== undefined && { prefix }), ...(since && { since }) });
}

/** A filter that was kept as JSON, in which a time is a text. */
export function queryOfJson(json: EventQuery): EventQuery {
  const item = ({ since, ...rest }: EventQueryItem): EventQueryItem => ({ ...rest, ...(since !== undefined && { since: new Date(since) }) });
  return isList(json) ? json.map(item) : item(json);
}

/** `Array.isArray` makes `any[]` of what may be a readonly array. */
function isList(query: EventQuery): query is readonly EventQueryItem[] {
  return Array.isArray(query);
}

/** The earliest time at which a matching event can be recorded, in milliseconds; undefined where an alternative has no bound. */
export function earliestOf(items: readonly LogBounds[] | undefined): number | undefined {
  if (items === undefined || items.length === 0) return undefined;
  const times = items.map(({ since }) => since?.getTime() ?? Number.NEGATIVE_INFINITY);
  const earliest = Math.min(...times);
  return earliest === Number.NEGATIVE_INFINITY ? undefined : Math.max(earliest, earliestMs);
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
  throw new InvalidArgumentError(path, `must be an object, not ${describeValue(value)}`);
}
