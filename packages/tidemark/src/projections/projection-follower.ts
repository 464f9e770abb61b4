import { quoteIdentifier } from "../database/identifier.ts";
import type { Database, Session } from "../database/database.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { Follower, FollowerKind } from "../runtime/follower.ts";
import type { WorkerContext } from "../runtime/worker-context.ts";
import { functionName } from "../schema/function-set.ts";
import { decoderOf, DefinedDocumentProjection, type DefinedProjection, followerOf, followsSql } from "./defined-projection.ts";
import { followBatch } from "./follow-batch.ts";
import { GoLive } from "./go-live.ts";
import { GoLiveSchedule } from "./go-live-schedule.ts";
import type { CreateProjectionTransaction } from "./projection.ts";
import type { AutomaticSwaps } from "./rebuild/automatic-swaps.ts";
import { OutsideEffects } from "./rebuild/outside-effects.ts";
import { beginBuild } from "./rebuild/begin-build.ts";
import { type BuildLimits, defaultBuildLimits } from "./rebuild/build-run.ts";
import { DocumentBuild } from "./rebuild/document-build.ts";
import { ReplayPace } from "./rebuild/replay-pace.ts";
import { registerProjections } from "./register.ts";

/** Per batch: one load, one write, one checkpoint. Twice as many gained a twentieth, and hold twice the documents in memory. */
const documentBatch = 1_000;
const handlerBatch = 500;
const timeoutMs = 60_000;
const retry = { attempts: 5, minDelayMs: 100, maxDelayMs: 5_000, factor: 2, jitter: true };

export const projectionKind: FollowerKind = {
  name: "projection",
  stops: "projection",
  resume: "store.projections.resume",
  gone: "It was dropped while this worker ran: leave its definition out from now on. A worker that starts with it registers it again.",
  /** Of the version that serves. One that no worker has begun to follow is at 0. */
  findSql: (schema) => `
select case p.mode when 'inline' then '' else $1 end as tenant, ${functionName(schema, "follower_name")}('projection', p.name, p.version) as name, 0::bigint as absent
  from ${quoteIdentifier(schema)}.projections as p
 where p.name = $2
 order by p.serving desc, p.version desc
 limit 1`,
  /** Where appends write it, it is always there. */
  reached: (schema) => ({
    name: "tidemark_projection_reached",
    text: `
select (case when pg_catalog.bool_or(p.state = 'live') then ${Number.MAX_SAFE_INTEGER} else pg_catalog.min(s.position) end)::text as reached
  from ${quoteIdentifier(schema)}.consumers as c
  join ${quoteIdentifier(schema)}.consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
  left join ${quoteIdentifier(schema)}.projections as p on ${followsSql}
 where c.tenant = $1 and c.name = $2`,
  }),
};

/**
 * The follower of a projection: it has one shard, whose fence makes it the projection's only writer. It stops at an event that fails:
 * a read model without some events would be wrong from there on.
 *
 * @param swaps - Is told of it once it is registered, to have it serve when it can.
 */
export function projectionFollower(
  context: Pick<WorkerContext, "database" | "schema" | "statements" | "feed" | "codec" | "logger" | "traced">,
  projection: DefinedProjection,
  createTransaction: CreateProjectionTransaction,
  { limits = defaultBuildLimits, swaps }: { readonly limits?: BuildLimits; readonly swaps?: Pick<AutomaticSwaps, "watch"> } = {},
): Follower {
  const { database, schema } = context;
  const decoder = decoderOf(projection, context.codec);
  const apply = followBatch(projection, schema);
  const handle = (events: readonly RecordedEvent[], session: Session, how: Parameters<CreateProjectionTransaction>[2], check?: () => void): Promise<void> =>
    apply(events, session, (tenant) => createTransaction(session, tenant, how), check);
  const goLive =
    projection.mode === "inline"
      ? new GoLive(context, projection, decoder, (events, session, replaying, check) => handle(events, session, { replaying }, check))
      : undefined;
  const enter = async (session: Session): Promise<void> => void (await goLive?.check(session));
  const build = projection instanceof DefinedDocumentProjection ? new DocumentBuild(context, { projection, decoder, limits, enter }) : undefined;
  const { work, name } = projection;
  // What documents are made by is pure.
  const effects = projection.mode === "async" && work.kind === "handler" ? new OutsideEffects(context, projection) : undefined;
  const pace = new ReplayPace(context.feed.background);
  const follower = followerOf(projection);
  return {
    name: follower,
    kind: projectionKind,
    owner: name,
    ownerVersion: projection.version,
    filter: projection.events.query,
    decoder,
    startAfter: projection.startAfter,
    tenants: projection.tenants,
    shards: 1,
    batchSize: work.kind === "documents" ? documentBatch : handlerBatch,
    timeoutMs,
    retry,
    inBatches: work.kind === "documents" || work.inBatches,
    handle: async (events, session) => {
      const end = await pace.begin(events[0]?.position ?? 0, session.signal);
      const replaying = goLive ? await goLive.check(session) : ((await effects?.replaying(events, session)) ?? false);
      await handle(events, session, { onAppended: () => session.appended(), replaying });
      end(replaying);
    },
    prepare: async () => void (await registerProjections({ database, schema, createTransaction, logger: context.logger }, [projection])),
    registered: async (tenant) => {
      await pauseWith(database, schema, { tenant, follower, projection });
      await beginBuild(database, schema, projection, tenant);
      swaps?.watch(projection);
    },
    filterChanged: `projection ${JSON.stringify(name)} is followed for other tenants than before. From here on only: give it another version to build it from the beginning.`,
    createHooks: (shard) => ({
      ...(build && { load: () => build.run(shard) }),
      ...(goLive && {
        handOver: new GoLiveSchedule(async () => ((await build?.isDone(shard.tenant)) ?? true) && (await goLive.attempt(shard.checkpoint, shard.leaseMs))),
      }),
    }),
  };
}

/** A follower that is registered for a tenant after its projection was paused. */
async function pauseWith(
  database: Database,
  schema: string,
  { tenant, follower, projection }: { readonly tenant: string; readonly follower: string; readonly projection: DefinedProjection },
): Promise<void> {
  const at = quoteIdentifier(schema);
  const text = `
update ${at}.consumers as c
   set paused = true
  from ${at}.projections as p
 where c.tenant = $1 and c.name = $2 and not c.paused
   and p.name = $3 and p.version = $4 and p.state not in ('behind', 'following')`;
  await database.query({ name: "tidemark_pause_follower", text }, [tenant, follower, projection.name, projection.version]);
}
