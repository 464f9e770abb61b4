import { hashSql, metadataSql, orderSql } from "../schema/log-indexes.ts";
import { quoteLiteral } from "../schema/render.ts";
import { eventColumns } from "./decode.ts";
import { logColumns, streamJoin } from "./log-columns.ts";
import { filteredPageSql, type PageShape, smallPageSql } from "./page-statement.ts";

const causedBy = metadataSql("e", "causationId");
const correlated = metadataSql("e", "correlationId");

/** A causation id may be any text, such as a command's id. Only one that is an event's id, as the store writes it, has a cause. */
const isId = "operator(pg_catalog.~) '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'";

/** The state of the index of name $1: `true`, `false` while it is invalid, or no row. @param schema - Quoted. */
export function indexStateSql(schema: string): string {
  return `
select i.indisvalid::text as valid
  from pg_catalog.pg_class as c
  join pg_catalog.pg_index as i on i.indexrelid = c.oid
 where c.relnamespace = ${quoteLiteral(schema)}::pg_catalog.regnamespace and c.relname = $1`;
}

/**
 * An event and its causes, the nearest first: $1 tenant, $2 id, $3 the most rows. `seen` ends a circle of causes.
 *
 * @param schema - Quoted.
 */
export function causesSql(schema: string): string {
  return `
with recursive found (position, cause, level, seen) as (
  select e.position, ${causedBy}, 1, pg_catalog.array_append(null::uuid[], e.id)
    from ${schema}.events as e
   where e.tenant = $1 and e.id = $2::uuid
  union all
  select e.position, e.cause, found.level + 1, pg_catalog.array_append(found.seen, e.id)
    from found
   cross join lateral (
     select e.position, e.id, ${causedBy} as cause
       from ${schema}.events as e
      where e.tenant = $1 and e.id = case when found.cause ${isId} then found.cause::uuid end
     offset 0
   ) as e
   where found.level < $3::bigint and not (e.id = any (found.seen))
)
select ${logColumns} ${eventColumns}
  from found
 cross join lateral (select e.* from ${schema}.events as e where e.position = found.position offset 0) as e
 ${streamJoin(schema)}
 order by found.level`;
}

/** The causes of one level as rows `cause`: ids joined by commas. */
const causesOf = (ids: string): string => `pg_catalog.unnest(pg_catalog.string_to_array(${ids}::text, ',')) with ordinality as cause (id, n)`;

/** Events by what their metadata has, through the index: together with `orderSql` as the order, none but that fits. */
function found(tenant: string, of: string, value: string): string {
  return `e.tenant = ${tenant} and ${hashSql(of)} = ${hashSql(value)} and ${of} = ${value} and ${of} is not null`;
}

/**
 * What the events of one level caused, with the number of each one's cause: $1 tenant, $2 ids, $3 the most rows, $4 the root. Each event
 * has one cause, so in a circle of causes the root alone is met again; it is left out.
 *
 * @param schema - Quoted.
 */
export function effectsSql(schema: string): string {
  return `
select cause.n::text as cause, ${logColumns} ${eventColumns}
  from ${causesOf("$2")}
 cross join lateral (
   select e.*
     from ${schema}.events as e
    where ${found("$1", causedBy, "cause.id")}
      and e.id <> $4::uuid
    order by ${orderSql("e")}
    limit $3
 ) as e
 ${streamJoin(schema)}
 order by cause.n, e.position
 limit $3`;
}

/** How many effects each of these events has, up to $3: parameters as those of `effectsSql`. @param schema - Quoted. */
export function countedEffectsSql(schema: string): string {
  return `
select cause.n::text as cause, pg_catalog.count(e.position)::text as effects
  from ${causesOf("$2")}
 cross join lateral (
   select e.position
     from ${schema}.events as e
    where ${found("$1", causedBy, "cause.id")}
      and e.id <> $4::uuid
    order by ${orderSql("e")}
    limit $3
 ) as e
 group by cause.n`;
}

/**
 * A page of the events with one correlation id: $1 after, $2 until, $3 rows, $4 tenant, $5 the id.
 *
 * @param schema - Quoted.
 */
export function correlationPageSql(
  schema: string,
  { backward, small, largeEvents }: Pick<PageShape, "backward" | "largeEvents"> & { readonly small: boolean },
): string {
  const direction = backward ? " desc" : "";
  const shape: PageShape = {
    events: `(
    select e.position
      from ${schema}.events as e
     where ${found("$4", correlated, "$5::text")}
       and ${orderSql("e")} > $1::bigint and ${orderSql("e")} <= $2::bigint
     order by ${orderSql("e")}${direction}
     limit $3
  ) as t
 cross join lateral (select e.* from ${schema}.events as e where e.position = t.position offset 0) as e`,
    join: streamJoin(schema),
    columns: logColumns,
    where: ["true"],
    key: "position",
    backward,
    after: "$1",
    until: "$2",
    rows: "$3",
    largeEvents,
  };
  return small ? smallPageSql(shape, "t") : filteredPageSql(shape, "t");
}
