import type { Statement } from "../../database/database.ts";
import { quoteLiteral } from "../../schema/render.ts";
import { searchByTime } from "../log-search.ts";

/** Blocks of the log that are sampled: at some 30 to 60 events each, enough to know a share of a hundredth to a tenth of it. */
export const sampledBlocks = 400;

/** How large the log is, as the planner would reckon it: rows a page at the last vacuum or analyse, times the pages there are now. @param schema - Quoted. */
export function sizeStatement(schema: string): Statement {
  const regclass = (table: string): string => `${quoteLiteral(`${schema}.${table}`)}::pg_catalog.regclass`;
  const estimate = (table: string): string => `(
         select case when c.reltuples::double precision < 0::double precision or c.relpages = 0 then -1::bigint
                     else (c.reltuples::double precision / c.relpages::double precision
                           * (pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::bigint)::double precision)::bigint end
           from pg_catalog.pg_class as c where c.oid = ${regclass(table)})::text`;
  return {
    name: "tidemark_stats_size",
    unprepared: true,
    text: `
select (pg_catalog.pg_relation_size(${regclass("events")}) / pg_catalog.current_setting('block_size')::bigint)::text as blocks,
       ${estimate("events")} as events,
       ${estimate("streams")} as streams,
       (select pg_catalog.max(e.position) from ${schema}.events as e)::text as last`,
  };
}

/** Of streams with a single event in the sample, every fifth stands for all: to look their categories up is most of what it costs. */
const categorised = 5;

const columns = "e.type, e.tenant, e.stream_id, e.version, e.recorded_at, e.position";

/**
 * First rows `all`, `streams` and `categorised`: how many events and streams were looked at, and how many events the shares of categories add up
 * to. Then the shares, and the streams with the highest versions; of a sampled log their sizes are looked up.
 *
 * @param schema - Quoted.
 * @param sampled - Undefined: every event is looked at.
 */
export function sharesStatement(schema: string, sampled: { readonly blocks: number } | undefined): Statement {
  const from = sampled
    ? `${schema}.events as e tablesample system (${Math.min(100, (100 * sampledBlocks) / sampled.blocks).toFixed(6)})`
    : `${schema}.events as e`;
  const weight = sampled ? ` * case when o.events = 1 then ${categorised}::bigint else 1::bigint end` : "";
  const some = sampled ? `\n   where o.events > 1 or o.number % ${categorised}::bigint = 0::bigint` : "";
  return {
    name: "tidemark_stats_shares",
    unprepared: true,
    text: `
with looked_at as materialized (
  select ${columns} from ${from} where $1::text is null or e.tenant = $1::text
), of_streams as materialized (
  select l.stream_id, pg_catalog.count(*) as events, pg_catalog.max(l.version) as version, pg_catalog.row_number() over () as number from looked_at as l group by l.stream_id
), named as materialized (
  select o.events${weight} as events, (select s.category from ${schema}.streams as s where s.id = o.stream_id) as category
    from of_streams as o${some}
)
select 'all' as kind, '' as name, '' as tenant, pg_catalog.count(*)::text as events from looked_at as l
union all
select 'streams', '', '', pg_catalog.count(*)::text from of_streams as o
union all
select 'categorised', '', '', coalesce(pg_catalog.sum(n.events), 0)::text from named as n
union all
(select 'type', l.type, '', pg_catalog.count(*)::text from looked_at as l group by l.type order by pg_catalog.count(*) desc, l.type limit 100)
union all
(select 'tenant', l.tenant, '', pg_catalog.count(*)::text from looked_at as l group by l.tenant order by pg_catalog.count(*) desc, l.tenant limit 100)
union all
(select 'category', coalesce(n.category, ''), '', pg_catalog.sum(n.events)::text from named as n group by n.category order by pg_catalog.sum(n.events) desc, n.category limit 100)
union all
(select 'stream', s.name, s.tenant, c.events::text
   from (
     select n.stream_id, (select pg_catalog.max(e.version) from ${schema}.events as e where e.stream_id = n.stream_id) as events
       from (select o.stream_id from of_streams as o order by o.version desc limit 200) as n
   ) as c
   join ${schema}.streams as s on s.id = c.stream_id
  order by c.events desc, s.tenant, s.name
  limit 10)`,
  };
}

/** Of each day its events, counted. `$2`: how many days, `$1` the tenant. @param schema - Quoted. */
export function countedDaysStatement(schema: string): Statement {
  return {
    name: "tidemark_stats_counted_days",
    unprepared: true,
    text: `
with days as (
  select d.number, ((pg_catalog.clock_timestamp() at time zone 'UTC')::pg_catalog.date - d.number) as day from pg_catalog.generate_series(0, $2::integer - 1) as d (number)
), counted as (
  select (e.recorded_at at time zone 'UTC')::pg_catalog.date as day, pg_catalog.count(*) as events
    from ${schema}.events as e
   where $1::text is null or e.tenant = $1::text
   group by 1
)
select pg_catalog.to_char(d.day, 'YYYY-MM-DD') as name, coalesce(c.events, 0)::text as events
  from days as d
  left join counted as c on c.day = d.day
 order by d.day`,
  };
}

/** Of each day the positions between its first event and the next day's. @param schema - Quoted. */
export function searchedDaysStatement(schema: string): Statement {
  const midnight = "(d.day::pg_catalog.timestamp at time zone 'UTC')";
  return {
    name: "tidemark_stats_searched_days",
    unprepared: true,
    text: `
with recursive days as (
  select d.number, ((pg_catalog.clock_timestamp() at time zone 'UTC')::pg_catalog.date - d.number) as day from pg_catalog.generate_series(-1, $2::integer - 1) as d (number)
), ${searchByTime(schema, `select ${midnight} as since, 0::bigint as low, $1::bigint + 1 as high from days as d`)}, bounds as (
  select d.day, pg_catalog.max(s.low) as before from days as d join search as s on s.since = ${midnight} group by d.day
)
select pg_catalog.to_char(b.day, 'YYYY-MM-DD') as name, greatest(0, n.before - b.before)::text as events
  from bounds as b
  join bounds as n on n.day = b.day + 1
 order by b.day`,
  };
}

/** Tables and indexes of the schema: `$1` is its name. */
export const sizesStatement: Statement = {
  name: "tidemark_stats_sizes",
  unprepared: true,
  text: `
select 'table' as kind, c.relname::text as name, '' as of, greatest(c.reltuples::bigint, 0)::text as number,
       pg_catalog.pg_table_size(c.oid)::text as bytes, pg_catalog.pg_indexes_size(c.oid)::text as index_bytes
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
 where n.nspname = $1::text and c.relkind = 'r'
union all
select 'index', c.relname::text, t.relname::text, coalesce(u.idx_scan, 0)::text, pg_catalog.pg_relation_size(c.oid)::text, '0'
  from pg_catalog.pg_index as i
  join pg_catalog.pg_class as c on c.oid = i.indexrelid
  join pg_catalog.pg_class as t on t.oid = i.indrelid
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  left join pg_catalog.pg_stat_user_indexes as u on u.indexrelid = i.indexrelid
 where n.nspname = $1::text`,
};
