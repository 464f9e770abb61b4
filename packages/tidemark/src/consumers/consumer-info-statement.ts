import type { Statement } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import type { EventQuery } from "../model/event.ts";
import type { ShardState } from "../runtime/shard.ts";
import { queryOfJson } from "../read/filter.ts";
import { functionName } from "../schema/function-set.ts";
import { outboxLagSql } from "../outbox/lag-sql.ts";
import type { ConsumerInfo, ShardInfo } from "./consumer-info.ts";

/** As the statement gives it: JSON, times in milliseconds. */
interface Row extends Omit<ConsumerInfo, "state" | "lag" | "shards" | "createdAt" | "filter" | "resharding" | "pause"> {
  readonly pause: { readonly at: number; readonly reason: string | null; readonly by: string | null } | null;
  readonly filter: EventQuery | null;
  readonly resharding: { readonly to: number; readonly barrier: number } | null;
  readonly createdAt: number;
  readonly shards: readonly ShardRow[];
}

interface ShardRow {
  readonly shard: number;
  readonly state: ShardState;
  readonly owner: string | null;
  readonly position: number;
  readonly eventId: string | null;
  readonly events: number;
  readonly seconds: number | null;
  readonly details: {
    readonly error?: { readonly code: string | null; readonly message: string };
    readonly event?: { readonly position: number; readonly id: string; readonly streamId: string };
    readonly attempt?: number;
    readonly retryAt?: string;
  } | null;
  readonly heartbeatAt: number | null;
  readonly leaseEnd: number | null;
  readonly fence: number;
}

const worstFirst: readonly ShardState[] = ["failed", "retrying", "stopped", "paused", "starting", "catching-up", "live"];

/** @param where - A condition on `c`; `$1` is the tenant. */
export function infoStatement(schema: string, name: string, where: string): Statement {
  const at = quoteIdentifier(schema);
  const milliseconds = (column: string): string => `pg_catalog.floor(extract(epoch from ${column}) * 1000::numeric)::bigint`;
  return {
    name: `tidemark_worker_${name}`,
    text: `
select pg_catalog.jsonb_build_object(
         'name', coalesce(c.owner_name, c.name),
         'tenant', c.tenant,
         'paused', c.paused,
         'pause', case when c.paused and c.paused_at is not null then
                    pg_catalog.jsonb_build_object('at', ${milliseconds("c.paused_at")}, 'reason', c.pause_reason, 'by', c.paused_by) end,
         'filter', c.definition operator(pg_catalog.->) 'filter',
         'tenants', coalesce(c.definition operator(pg_catalog.->>) 'tenants', 'own'),
         'resharding', case when c.barrier is not null then pg_catalog.jsonb_build_object('to', c.next_shards, 'barrier', c.barrier) end,
         'deadLetters', (select pg_catalog.count(*) from ${at}.dead_letters as d where d.tenant = c.tenant and d.consumer = c.name),
         'createdAt', ${milliseconds("c.created_at")},
         'shards', shards.list
       )::text as consumer
  from ${functionName(schema, "high_water_mark")}(0, null) as m
  cross join ${at}.consumers as c
  cross join lateral (
    select pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
             'shard', s.shard,
             'state', case when l.lease_end > pg_catalog.clock_timestamp() then l.state else 'stopped' end,
             'owner', l.owner,
             'position', s.position,
             'eventId', s.event_id,
             'events', case when c.source = 'outbox' then ${outboxLagSql(at).messages} else greatest(m.mark - s.position, 0) end,
             'seconds', extract(epoch from pg_catalog.clock_timestamp() - case when c.source = 'outbox' then ${outboxLagSql(at).first} else (
               select e.recorded_at from ${at}.events as e where e.position > s.position and e.position <= m.mark order by e.position limit 1
             ) end),
             'details', l.details,
             'heartbeatAt', ${milliseconds("l.heartbeat_at")},
             'leaseEnd', case when l.lease_end > '-infinity' then ${milliseconds("l.lease_end")} end,
             'fence', s.fence
           ) order by s.shard) as list
      from ${at}.consumer_shards as s
      join ${at}.consumer_leases as l on l.id = s.id
     where s.tenant = c.tenant and s.consumer = c.name
  ) as shards
 where c.tenant = $1 and ${where}
 order by c.name`,
  };
}

export function consumerInfo(json: string): ConsumerInfo {
  const row: Row = JSON.parse(json);
  const shards = row.shards.map(shardInfo);
  return {
    ...row,
    filter: row.filter ? queryOfJson(row.filter) : undefined,
    resharding: row.resharding ?? undefined,
    pause: row.pause ? { at: new Date(row.pause.at), reason: row.pause.reason ?? undefined, by: row.pause.by ?? undefined } : undefined,
    createdAt: new Date(row.createdAt),
    state: worstFirst.find((state) => shards.some((shard) => shard.state === state)) ?? "stopped",
    lag: { events: Math.max(0, ...shards.map(({ lag }) => lag.events)), seconds: Math.max(0, ...shards.map(({ lag }) => lag.seconds)) },
    shards,
  };
}

/**
 * The state as it is now. A heartbeat tells where a shard is three times a lease only, and a shard may fall behind and catch up many times
 * between two of them.
 */
export function currentState(told: ShardState, eventsBehind: number): ShardState {
  return eventsBehind === 0 && (told === "starting" || told === "catching-up") ? "live" : told;
}

function shardInfo({ details, owner, eventId, events, seconds, heartbeatAt, leaseEnd, state, ...row }: ShardRow): ShardInfo {
  return {
    ...row,
    state: currentState(state, events),
    owner: owner ?? undefined,
    eventId: eventId ?? undefined,
    lag: { events, seconds: Math.max(0, seconds ?? 0) },
    lastError: details?.error,
    failingEvent: details?.event,
    attempt: details?.attempt,
    retryAt: details?.retryAt === undefined ? undefined : new Date(details.retryAt),
    heartbeatAt: heartbeatAt === null ? undefined : new Date(heartbeatAt),
    leaseEnd: leaseEnd === null ? undefined : new Date(leaseEnd),
  };
}
