import type { Statement } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { followsSql } from "./defined-projection.ts";
import type { RegistryState } from "./registry.ts";
import type { Lag, ShardInfo } from "../consumers/consumer-info.ts";
import { currentState } from "../consumers/consumer-info-statement.ts";
import type { ShardState } from "../runtime/shard.ts";
import { type BuildInfo, buildInfo, type BuildRow, buildSql } from "./rebuild/build-info.ts";
import { functionName } from "../schema/function-set.ts";

/**
 * `"live"`: appends write it (inline), or it is at the end of the log (async). `"catching-up"`: it is behind, and followed. `"paused"`
 * and `"inactive"`: nothing writes it, by request. `"building"`: it is made from the log, and another version serves. The others are those of its follower, see `ShardInfo`; `"stopped"`: nothing follows
 * it.
 *
 * @example
 * ```ts
 * const healthy: readonly ProjectionState[] = ["live", "catching-up"];
 * ```
 */
export type ProjectionState = ShardState | "inactive" | "building";

/**
 * How a projection goes.
 *
 * @example
 * ```ts
 * const projections: readonly ProjectionInfo[] = await store.projections.list();
 * for (const { name, state, lag } of projections) console.debug(name, state, lag.events);
 * ```
 */
export interface ProjectionInfo {
  readonly name: string;
  readonly version: number;
  readonly mode: "inline" | "async";
  readonly state: ProjectionState;
  /** Whether the collection shows its documents. One version of a name serves, the others are being built, or were replaced. */
  readonly serving: boolean;
  /** When it last ceased to serve. Undefined where it never did. `rollBack` goes to the version with the latest. */
  readonly servedUntil: Date | undefined;
  /** How its build goes, or went. Undefined where it was not built beside another version. */
  readonly build: BuildInfo | undefined;
  /** Everything in the log up to this position is in it. While appends write it: the high-water mark. */
  readonly position: number;
  readonly lag: Lag;
  /** The last error. While appends write it, they get the errors instead. */
  readonly lastError: ShardInfo["lastError"];
  /** The event that is being retried, or at which it stopped. */
  readonly failingEvent: ShardInfo["failingEvent"];
  /** Where it holds documents. */
  readonly collection: string | undefined;
  readonly registeredAt: Date;
  /** When it went live, was left behind, paused, resumed or deactivated last. */
  readonly changedAt: Date;
}

interface Row {
  readonly name: string;
  readonly version: number;
  readonly mode: "inline" | "async";
  readonly state: RegistryState;
  readonly serving: boolean;
  readonly servedUntil: number | null;
  readonly build: BuildRow | null;
  readonly mark: number;
  readonly collection: string | null;
  readonly registeredAt: number;
  readonly changedAt: number;
  /** Null where no worker ever followed it for this tenant. */
  readonly follower: {
    readonly state: ShardState;
    readonly position: number;
    /** Of several shards the mean, where the position is the least. */
    readonly mean: number;
    readonly seconds: number | null;
    readonly details: { readonly error?: ShardInfo["lastError"]; readonly event?: ShardInfo["failingEvent"] } | null;
  } | null;
}

/** @param where - A condition on `p`; `$1` is the tenant. */
export function projectionsStatement(schema: string, name: string, where: string): Statement {
  const at = quoteIdentifier(schema);
  const milliseconds = (column: string): string => `pg_catalog.floor(extract(epoch from ${column}) * 1000::numeric)::bigint`;
  return {
    name: `tidemark_projections_${name}`,
    text: `
select pg_catalog.jsonb_build_object(
         'name', p.name,
         'version', p.version,
         'mode', p.mode,
         'state', p.state,
         'serving', p.serving,
         'servedUntil', ${milliseconds("p.served_until")},
         'build', ${buildSql(schema)},
         'mark', m.mark,
         'collection', p.definition operator(pg_catalog.->) 'collection',
         'registeredAt', ${milliseconds("p.registered_at")},
         'changedAt', ${milliseconds("p.changed_at")},
         'follower', (
           select pg_catalog.jsonb_build_object(
                    'state', case when l.lease_end > pg_catalog.clock_timestamp() then l.state else 'stopped' end,
                    'position', pg_catalog.min(s.position) over (),
                    'mean', pg_catalog.floor(pg_catalog.avg(s.position) over ()),
                    'seconds', extract(epoch from pg_catalog.clock_timestamp() - (
                      select e.recorded_at from ${at}.events as e where e.position > s.position and e.position <= m.mark order by e.position limit 1
                    )),
                    'details', l.details
                  )
             from ${at}.consumers as c
             join ${at}.consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
             join ${at}.consumer_leases as l on l.id = s.id
            where ${followsSql} and c.tenant = case p.mode when 'inline' then '' else $1 end
            -- A build may have several shards: one that failed says most, and one that somebody has more than others.
            order by l.state = 'failed' desc, l.lease_end > pg_catalog.clock_timestamp() desc, s.position
            limit 1
         )
       )::text as projection
  from ${functionName(schema, "high_water_mark")}(0, null) as m
  cross join ${at}.projections as p
 where ${where}
 order by p.name, p.version`,
  };
}

export function projectionInfo(json: string): ProjectionInfo {
  const row: Row = JSON.parse(json);
  const { name, version, mode, mark, follower } = row;
  const live = mode === "inline" && row.state === "live";
  const position = live ? mark : (follower?.position ?? 0);
  return {
    name,
    version,
    mode,
    state: stateOf(row),
    serving: row.serving,
    servedUntil: row.servedUntil === null ? undefined : new Date(row.servedUntil),
    build: row.build ? buildInfo(row.build, { position: live ? mark : (follower?.mean ?? 0), mark }) : undefined,
    position,
    lag: { events: Math.max(0, mark - position), seconds: live ? 0 : Math.max(0, follower?.seconds ?? 0) },
    lastError: live ? undefined : follower?.details?.error,
    failingEvent: live ? undefined : follower?.details?.event,
    collection: row.collection ?? undefined,
    registeredAt: new Date(row.registeredAt),
    changedAt: new Date(row.changedAt),
  };
}

function stateOf({ state, serving, build, follower, mark }: Row): ProjectionState {
  if (state === "live" || state === "paused" || state === "inactive") return state;
  const followed = follower ? currentState(follower.state, Math.max(0, mark - follower.position)) : "stopped";
  if (build?.state === "failed") return "failed";
  const going = followed === "catching-up" || followed === "starting" || followed === "live" || followed === "paused";
  if (!serving && going && build && build.state !== "ready") return "building";
  // Its follower is at the end of the log, or waits there for the pause to be over, and appends do not write it yet.
  return state === "behind" && (followed === "live" || followed === "paused") ? "catching-up" : followed;
}
