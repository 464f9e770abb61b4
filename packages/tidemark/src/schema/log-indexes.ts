import { quoteIdentifier } from "../database/identifier.ts";

/**
 * A set of indexes of the log that not every application needs, by the name under which it is created.
 *
 * @example
 * ```ts
 * const set: LogIndexSet = "causation";
 * await store.indexes.create(set);
 * ```
 */
export type LogIndexSet = "causation";

/** One index of such a set. */
export interface LogIndex {
  readonly set: LogIndexSet;
  readonly name: string;
  /** The key of metadata that it finds events by. */
  readonly key: "causationId" | "correlationId";
}

/** Every index that can be created beside those of the schema. All are on `events`. */
export const logIndexes: readonly LogIndex[] = [
  { set: "causation", name: "events_causation_idx", key: "causationId" },
  { set: "causation", name: "events_correlation_idx", key: "correlationId" },
];

export const logIndexSets: readonly LogIndexSet[] = ["causation"];

/** The value of a key of an event's metadata, as text. @param row - `e` */
export function metadataSql(row: string, key: LogIndex["key"]): string {
  return `(${row}.metadata operator(pg_catalog.->>) '${key}')`;
}

/**
 * What such a value is found by. A hash, because a text of any length may stand in metadata: an index entry has 2,704 bytes at most, and
 * an append of a longer text would fail. It also makes the index half as large.
 */
export function hashSql(text: string): string {
  return `pg_catalog.hashtextextended(${text} collate "C", 0)`;
}

/**
 * The position, as these indexes hold it. As the bare column, an order by it could also be had from the primary key, and the planner would
 * rather read the whole log in that order than look a value up that it takes to be frequent.
 */
export function orderSql(row: string): string {
  return `(${row}.position + 0::bigint)`;
}

/**
 * Creates one index: of the events that have the key, in the order of the log for each value.
 *
 * @param how - `"concurrently"`, or nothing.
 */
export function logIndexSql(schema: string, { name, key }: LogIndex, how: string): string {
  const value = metadataSql("events", key);
  return `
create index ${how} ${quoteIdentifier(name)} on ${logTable(schema)} (tenant, ${hashSql(value)}, ${orderSql("events")})
 where ${value} is not null`;
}

/** Qualified and quoted. */
export function logTable(schema: string): string {
  return `${quoteIdentifier(schema)}.events`;
}
