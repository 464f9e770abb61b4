import type { Queryable, Statement } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { outboxLagSql } from "../outbox/lag-sql.ts";
import type { ShardState } from "../runtime/shard.ts";

/**
 * A consumer, projection, process or relay as the database has it, whatever process works on it.
 *
 * @example
 * ```ts
 * const behind: readonly FollowerState[] = (await store.followers()).filter(({ lagEvents }) => lagEvents > 0);
 * ```
 */
export interface FollowerState {
  readonly kind: "consumer" | "projection" | "process" | "relay";
  readonly name: string;
  /** Null of a consumer and a relay, which have none. */
  readonly version: number | null;
  readonly tenant: string;
  /** The worst of its shards. */
  readonly state: ShardState;
  readonly paused: boolean;
  /** Appends write it, so that it is nowhere behind. */
  readonly live: boolean;
  /** The least of its shards. */
  readonly position: number;
  /** Positions up to the mark. */
  readonly lagEvents: number;
  /** Since the first event after its position was recorded; 0 where there is none. */
  readonly lagMs: number;
  /** Failed and parked ones, counted up to 10,001. */
  readonly deadLetters: number;
  /** Shards whose checkpoint holds an event that is not at its position any more. */
  readonly forked: number;
  readonly error: string | null;
}

/** The state of every follower. @param mark - The high-water mark. @param tenant - Undefined: those of all tenants. */
export async function followerStates(queryable: Queryable, schema: string, mark: number, tenant: string | undefined): Promise<readonly FollowerState[]> {
  const rows = await queryable.query(statement(quoteIdentifier(schema)), [mark, tenant ?? null]);
  return rows.map((row) => parse(row["follower"] ?? ""));
}

function parse(json: string): FollowerState {
  const state: FollowerState = JSON.parse(json);
  return state;
}

/**
 * Once for each follower. What is behind the last shard is looked up by position alone; the event of a checkpoint, by its position.
 *
 * @param schema - Quoted.
 */
function statement(schema: string): Statement {
  const outboxLag = outboxLagSql(schema, { shard: "f", follower: "f" });
  return {
    name: "tidemark_follower_states",
    text: `
with shards as (
  select s.tenant, s.consumer, s.position,
         case when l.lease_end > pg_catalog.clock_timestamp() then l.state else 'stopped' end as state,
         s.event_id is not null and coalesce(
           (select e.id from ${schema}.events as e where e.position = s.position), (select o.id from ${schema}.outbox as o where o.position = s.position)
         ) is distinct from s.event_id as forked,
         l.details operator(pg_catalog.->) 'error' operator(pg_catalog.->>) 'message' as error
    from ${schema}.consumer_shards as s
    join ${schema}.consumer_leases as l on l.id = s.id
   where $2::text is null or s.tenant = $2::text
), followers as (
  select c.tenant, c.name, c.kind, coalesce(c.owner_name, c.name) as owner, c.owner_version, c.paused, c.source, c.definition,
         coalesce((select p.mode = 'inline' and p.state = 'live' from ${schema}.projections as p
                    where c.kind = 'projection' and p.name = c.owner_name and p.version = c.owner_version), false) as live,
         (select pg_catalog.min(s.position) from shards as s where s.tenant = c.tenant and s.consumer = c.name) as position,
         (select pg_catalog.min(pg_catalog.strpos('failed retrying stopped paused starting catching-up live', s.state)) from shards as s
           where s.tenant = c.tenant and s.consumer = c.name) as worst,
         (select pg_catalog.count(*) from shards as s where s.tenant = c.tenant and s.consumer = c.name and s.forked) as forked,
         (select pg_catalog.min(s.error) from shards as s where s.tenant = c.tenant and s.consumer = c.name and s.state in ('failed', 'retrying')) as error
    from ${schema}.consumers as c
   where $2::text is null or c.tenant = $2::text
)
select pg_catalog.jsonb_build_object(
         'kind', f.kind,
         'name', f.owner,
         'version', f.owner_version,
         'tenant', f.tenant,
         'state', case when f.live then 'live'
                       else pg_catalog.split_part(pg_catalog.substr('failed retrying stopped paused starting catching-up live', f.worst), ' ', 1) end,
         'paused', f.paused and not f.live,
         'live', f.live,
         'position', case when f.live then greatest($1::bigint, f.position) else f.position end,
         'lagEvents', case when f.live then 0 when f.source = 'outbox' then ${outboxLag.messages} else greatest($1::bigint - f.position, 0) end,
         'lagMs', case when f.live then 0 when f.source = 'outbox' then coalesce(greatest(0, extract(epoch from pg_catalog.clock_timestamp() - ${outboxLag.first}) * 1000::numeric), 0) else coalesce((
           select greatest(0, extract(epoch from pg_catalog.clock_timestamp() - e.recorded_at) * 1000::numeric)
             from ${schema}.events as e where e.position > f.position and e.position <= $1::bigint order by e.position limit 1
         ), 0) end,
         'deadLetters', (select pg_catalog.count(*) from (
           select from ${schema}.dead_letters as d where d.tenant = f.tenant and d.consumer = f.name and d.state <> 'skipped' limit 10001
         ) as letters),
         'forked', f.forked,
         'error', f.error
       )::text as follower
  from followers as f
 where f.kind in ('consumer', 'projection', 'process', 'relay') and f.position is not null
 order by f.kind, f.owner, f.owner_version, f.tenant`,
  };
}
