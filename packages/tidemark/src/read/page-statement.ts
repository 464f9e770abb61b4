import { eventColumns } from "./decode.ts";

/** One page of events, in SQL. `from` and `where` speak of the event's row as `e`. */
export interface PageShape {
  /** More columns, each with a comma behind it. */
  readonly columns: string;
  readonly from: string;
  readonly where: readonly string[];
  /** Unique, and in the order of an index together with `where`. Another row than `e` may carry it. */
  readonly key: "version" | "position";
  readonly keyOf: "e" | "t";
  readonly backward: boolean;
  /** The placeholder of the row limit. */
  readonly limit: string;
}

/**
 * Compressed values are weighed as thirty times what they take: text seldom shrinks more, and to unpack them only in order
 * to weigh them would cost what the bound is there to save.
 */
function weight(column: string): string {
  return `case when pg_column_size(${column}) < 1000 or pg_column_compression(${column}) is null then pg_column_size(${column}) else 30 * pg_column_size(${column}) end`;
}

const eventWeight = `${weight("e.data")} + coalesce(${weight("e.metadata")}, 0)`;

/** A page of at most as many events as asked for. */
export function pageSql(shape: PageShape): string {
  return `
select ${shape.columns} ${eventColumns}
  from ${shape.from}
 where ${shape.where.join("\n   and ")}
 order by ${order(shape, shape.keyOf)}
 limit ${shape.limit}`;
}

/**
 * The same page, ended after `bytes`, with the event that passes them: a few thousand large events must not come in one
 * page because the ones before were small. `full` marks that last event. Only what stays is turned into text.
 */
export function boundedPageSql(shape: PageShape, bytes: number): string {
  const inner = order(shape, shape.keyOf);
  return `
select ${shape.columns} ${eventColumns},
  case when e.weight_before + ${eventWeight} >= ${bytes} then '' end as "full"
  from (
    select e.*, coalesce(sum(${eventWeight}) over (order by ${inner} rows between unbounded preceding and 1 preceding), 0) as weight_before
      from ${shape.from}
     where ${shape.where.join("\n       and ")}
     order by ${inner}
     limit ${shape.limit}
  ) as e
 where e.weight_before < ${bytes}
 order by ${order(shape, "e")}`;
}

function order({ key, backward }: PageShape, row: "e" | "t"): string {
  return `${row}.${key}${backward ? " desc" : ""}`;
}
