import type { FilterSql } from "./filter-sql.ts";
import { streamJoin } from "./log-columns.ts";
import { bound, filteredPageSql, onlyFilter, type PageShape, pageSql, smallPageSql } from "./page-statement.ts";

/** The placeholders of a shard: streams whose number modulo `of` is `index`. */
export interface ShardSql {
  readonly index: string;
  readonly of: string;
}

/** Which page of the log: see `logPage` and `followPage` of `ReadStatements`. */
export interface LogPage {
  readonly backward: boolean;
  readonly small: boolean;
  readonly allTenants: boolean;
  readonly filter: FilterSql | undefined;
  readonly sharded?: ShardSql | undefined;
  readonly columns: string;
}

/** @param schema - Quoted. */
export function logPageSql(schema: string, largeEvents: number, { backward, small, allTenants, filter, sharded, columns }: LogPage): string {
  const lead = filter?.leadTag;
  const range = (row: string): string[] => [`${row}.position > $1`, bound(`${row}.position`, "<=", "$2::bigint")];
  const shape: PageShape = {
    // Tags lead to their events one by one and in order, so that the statement ends as soon as the page is full.
    events:
      lead === undefined
        ? `${schema}.events as e`
        : `${schema}.event_tags as t cross join lateral (select e.* from ${schema}.events as e where e.position = t.position offset 0) as e`,
    join: streamJoin(schema),
    columns,
    where: [
      ...(lead === undefined ? range("e") : [...range("t"), "t.tenant = $4", `t.tag = ${lead}`]),
      // Through the index on (tenant, id) every page would read the whole log.
      ...(allTenants || lead !== undefined ? [] : [onlyFilter("e.tenant = $4")]),
      ...(filter ? [onlyFilter(filter.where)] : []),
      ...(sharded ? [onlyFilter(`e.stream_id % ${sharded.of} = ${sharded.index}`)] : []),
    ],
    key: "position",
    backward,
    after: "$1",
    until: "$2",
    rows: "$3",
    largeEvents: largeEvents,
  };
  const row = lead === undefined ? "e" : "t";
  if (small) return smallPageSql(shape, row);
  return filter || sharded ? filteredPageSql(shape, row) : pageSql(shape);
}
