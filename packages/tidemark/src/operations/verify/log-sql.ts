import type { Statement } from "../../database/database.ts";
import { hashOfNameSql, hashSql } from "./chain-sql.ts";

/**
 * One page of the log, looked at by the server: a first row `page` with what was read, then a row for each problem. Only rows that
 * look wrong are compared with others: within a page each event of a stream follows the one before it, and only the first of a stream
 * in the page, or one that does not follow, has its predecessor looked up. What is looked up elsewhere is asked for by subqueries that
 * return one value: of a join the planner may scan the whole other table, for every page.
 *
 * With `chained` the hash of each event after position `$4` is compared, too, and the row `page` has all hashes, in the order of the log. The page then holds
 * whole rows: what is long in them stays outside until it is hashed, one event at a time.
 *
 * @param schema - Quoted.
 */
export function verifyPage(schema: string, chained: boolean): Statement {
  return {
    name: "tidemark_verify_page",
    unprepared: true,
    text: `
with page as materialized (
  select e.position, e.stream_id, e.version, e.id, e.tenant, e.tags${chained ? ", e.hash, e.recorded_at, e.schema_version, e.type, e.data, e.metadata" : ""}
    from ${schema}.events as e
   where e.position > $1::bigint and e.position <= $2::bigint and ($3::text is null or e.tenant = $3::text)
   order by e.position
), followed as (
  select p.*, pg_catalog.lag(p.version) over (partition by p.stream_id order by p.position) as version_before${chained ? hashBefore : ""}
    from page as p
), unlinked as (
  select p.*, (select b.position from ${schema}.events as b where b.stream_id = p.stream_id and b.version = p.version - 1) as position_before
    from followed as p
   where p.version <> 1 and p.version_before is distinct from p.version - 1
), in_streams as (
  select i.*, (select s.tenant from ${schema}.streams as s where s.id = i.stream_id) as tenant_of_stream
    from (select p.stream_id, p.tenant, pg_catalog.min(p.position) as position from page as p group by p.stream_id, p.tenant) as i
), problems as (
  select case when u.position_before is null then 'missing-version' else 'order' end as kind, u.position, u.position_before::text as detail
    from unlinked as u
   where u.position_before is null or u.position_before > u.position
  union all
  select 'orphan', i.position, i.tenant_of_stream
    from in_streams as i
   where i.tenant_of_stream is distinct from i.tenant
  union all
  select 'missing-tag', p.position, t.tag
    from page as p
   cross join lateral pg_catalog.unnest(p.tags) as t (tag)
   where (select true from ${schema}.event_tags as k where k.tenant = p.tenant and k.tag = t.tag and k.position = p.position) is null${chained ? brokenLinks(schema) : ""}
)
select 'page' as kind, pg_catalog.count(*)::text as events, pg_catalog.max(p.position)::text as position, pg_catalog.sum(pg_catalog.cardinality(p.tags))::text as tags,
       null as id, null as tenant, null as version, null as stream, ${chained ? "pg_catalog.encode(pg_catalog.string_agg(p.hash, ''::bytea order by p.position), 'base64'::text)" : "null"} as detail
  from page as p
union all
select b.kind, null, b.position::text, null, p.id::text, p.tenant, p.version::text, 
       coalesce((select s.name from ${schema}.streams as s where s.id = p.stream_id), 'number ' || p.stream_id::text), b.detail
  from problems as b
  join page as p on p.position = b.position`,
  };
}

/** The first event of a part of the log. @param schema - Quoted. */
export function nextEvent(schema: string): Statement {
  return {
    name: "tidemark_verify_next_event",
    unprepared: true,
    text: `select e.position::text as position from ${schema}.events as e where e.position > $1::bigint and e.position <= $2::bigint order by e.position limit 1`,
  };
}

const hashBefore = `,
         pg_catalog.lag(p.hash) over (partition by p.stream_id order by p.position) as hash_before`;

/** Events without a hash that should have one, and those that are not what their hash was made of. The detail says which. */
function brokenLinks(schema: string): string {
  return `
  union all
  select 'chain', l.position, case when l.hash is null then 'none' else 'other' end
    from (
      select f.*, coalesce(
               case when f.version_before is not distinct from f.version - 1 then f.hash_before
                    when f.version > 1 then (select b.hash from ${schema}.events as b where b.stream_id = f.stream_id and b.version = f.version - 1) end,
               (select ${hashOfNameSql("s")} from ${schema}.streams as s where s.id = f.stream_id)) as before
        from followed as f
       where f.hash is not null or f.position > $4::bigint
    ) as l
   where l.hash is null or l.hash is distinct from ${hashSql("l", "l.before")}`;
}

/** How many rows lead from tags to events of a part of the log. @param schema - Quoted. */
export function countTags(schema: string): Statement {
  return {
    name: "tidemark_verify_count_tags",
    unprepared: true,
    text: `
select pg_catalog.count(*)::text as tags
  from ${schema}.event_tags as k
 where k.position > $1::bigint and k.position <= $2::bigint and ($3::text is null or k.tenant = $3::text)`,
  };
}

/** One page of the rows that lead from tags to events: a first row `page` with its last key, then those that lead astray. @param schema - Quoted. */
export function verifyTags(schema: string): Statement {
  return {
    name: "tidemark_verify_tags",
    unprepared: true,
    text: `
with page as materialized (
  select k.tenant, k.tag, k.position
    from ${schema}.event_tags as k
   where (k.tenant, k.tag, k.position) > ($4::text, $5::text, $6::bigint) and ($3::text is null or k.tenant = $3::text)
   order by k.tenant, k.tag, k.position
   limit $7::bigint
)
(select 'page' as kind, p.tenant, p.tag, p.position::text, null as id, (select pg_catalog.count(*) from page)::text as rows
   from page as p
  order by p.tenant desc, p.tag desc, p.position desc
  limit 1)
union all
select 'stray-tag', p.tenant, p.tag, p.position::text, e.id::text, null
  from page as p
  left join lateral (select l.* from ${schema}.events as l where l.position = p.position offset 0) as e on true
 where p.position > $1::bigint and p.position <= $2::bigint
   and (e.tenant is distinct from p.tenant or not coalesce(p.tag = any (e.tags), false))`,
  };
}
