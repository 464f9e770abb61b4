import { eventColumns } from "./decode.ts";

/** One page of events, in SQL: rows `e` of `events`, with what `join` adds. */
export interface PageShape {
  readonly events: string;
  readonly join: string;
  /** More columns, each with a comma behind it. */
  readonly columns: string;
  readonly where: readonly string[];
  /** Unique, and in the order of an index together with `where`. */
  readonly key: "version" | "position";
  readonly backward: boolean;
  /** Placeholders: the bounds of the key, and the most rows. */
  readonly after: string;
  readonly until: string;
  readonly rows: string;
  /** A page ends with the large event of this number, however many rows were asked for; there `full` is not null. */
  readonly largeEvents: number;
}

/**
 * Which events could make a page heavy, told without unpacking them: what is compressed or stored outside its row. A page
 * of a few thousand rows was asked for because the events before were small; those that follow may be a mebibyte each.
 */
const isLarge = `(${largeValue("e.data")} or coalesce(${largeValue("e.metadata")}, false))`;

function largeValue(column: string): string {
  return `pg_catalog.pg_column_size(${column}) > 2000 or pg_catalog.pg_column_compression(${column}) is not null`;
}

/**
 * A bound of a range, as a comparison of rows. Where nothing is known of a table the planner takes a pair of plain bounds for
 * a two-hundredth of it, and would rather collect and sort the whole range for each page than follow the index.
 */
export function bound(key: string, operator: "<=" | ">=", value: string): string {
  return `(${key}, 0) ${operator} (${value}, 0)`;
}

/** A condition that only filters: no index is looked up by it, and the planner takes it to hold for every second row. */
export function onlyFilter(condition: string): string {
  return `coalesce(${condition}, false)`;
}

/** A page of everything in a range, for few rows: the first pass of `pageSql` would double what a short stream costs. */
export function smallPageSql({ events, join, columns, where, key, backward, rows }: PageShape, orderedBy: "e" | "t" = "e"): string {
  return `
select ${columns} ${eventColumns}
  from ${events} ${join}
 where ${where.join("\n   and ")}
 order by ${orderedBy}.${key}${backward ? " desc" : ""}
 limit ${rows}`;
}

/** A page of everything in a range. Where it must stop is found in a first pass, which reads no column but sizes. */
export function pageSql({ events, join, columns, where, key, backward, after, until, rows, largeEvents }: PageShape): string {
  const order = `e.${key}${backward ? " desc" : ""}`;
  const conditions = where.join("\n   and ");
  return `
with stop as materialized (
  select x.${key}
    from (select e.${key}, ${isLarge} as is_large from ${events} where ${conditions} order by ${order} limit ${rows}) as x
   where x.is_large
  offset ${largeEvents - 1} limit 1
)
select ${columns} ${eventColumns},
  case when e.${key} = (select stop.${key} from stop) then '' end as "full"
  from ${events} ${join}
 where ${conditions}
   and ${bound(`e.${key}`, backward ? ">=" : "<=", `coalesce((select stop.${key} from stop), ${backward ? after : until})`)}
 order by ${order}
 limit ${rows}`;
}

/**
 * A page of what a filter lets through. To filter costs more than to count, so there is one pass.
 *
 * @param orderedBy - The row that the key is read from in order.
 */
export function filteredPageSql({ events, join, columns, where, key, backward, rows, largeEvents }: PageShape, orderedBy: "e" | "t"): string {
  const direction = backward ? " desc" : "";
  const order = `${orderedBy}.${key}${direction}`;
  return `
select ${columns} ${eventColumns},
  case when e.large_before = ${largeEvents - 1} and ${isLarge} then '' end as "full"
  from (
    select e.*, s.*, pg_catalog.count(*) filter (where ${isLarge}) over (order by ${order} rows between unbounded preceding and 1 preceding) as large_before
      from ${events} ${join}
     where ${where.join("\n       and ")}
     order by ${order}
     limit ${rows}
  ) as e
 where e.large_before < ${largeEvents}
 order by e.${key}${direction}`;
}
