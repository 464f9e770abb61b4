import type { Statement } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { nullableListSql } from "../database/nullable-list.ts";
import { functionName } from "../schema/function-set.ts";

/** What the runtime asks of the database: one call of a function of `schema/functions` each. */
export interface RuntimeStatements {
  readonly register: Statement;
  readonly requestShards: Statement;
  readonly finishShards: Statement;
  readonly renew: Statement;
  readonly take: Statement;
  readonly release: Statement;
  readonly enter: Statement;
  readonly move: Statement;
  readonly moveTogether: Statement;
  readonly readCheckpoint: Statement;
  readonly standing: Statement;
  readonly cancel: Statement;
  /** These three run in the session that listens. */
  readonly holdLivenessLock: Statement;
  readonly freeLivenessLocks: Statement;
  readonly endLeasesOfDead: Statement;
  /** `$1` tenant, `$2` name: the least of its shards' checkpoints. */
  readonly reached: Statement;
}

export function runtimeStatements(schema: string): RuntimeStatements {
  const at = quoteIdentifier(schema);
  const named = (name: string, text: string): Statement => ({ name: `tidemark_worker_${name}`, text });
  return {
    register: named(
      "register",
      `select before::text, shards::text from ${functionName(schema, "register_consumer")}($1, $2, $3, $4, $5::text::jsonb, $6, $7, $8, $9)`,
    ),
    requestShards: named("request_shards", `select ${functionName(schema, "request_shards")}($1, $2, $3)::text`),
    finishShards: named("finish_shards", `select ${functionName(schema, "finish_shards")}($1, $2)::text as finished`),
    renew: named(
      "renew",
      `select ${functionName(schema, "renew_leases")}($1, $2, $3, $4, $5::integer[], $6::bigint[], $7::text[], $8::text::jsonb, $9::integer)::text as answer`,
    ),
    take: named(
      "take",
      `select shard::text, shards::text, barrier::text, fence::text, checkpoint::text, event_id::text, consumer, owner from ${functionName(schema, "take_shard")}($1, $2, $3)`,
    ),
    release: named("release", `select ${functionName(schema, "release_shards")}($1, $2, $3::integer[])::text`),
    enter: named("enter", `select ${functionName(schema, "enter_shard")}($1, $2)::text as pid`),
    move: named("move", `select ${functionName(schema, "move_checkpoint")}($1, $2, $3, $4, $5)::text`),
    moveTogether: named(
      "move_together",
      `select moved::text as id from ${functionName(schema, "move_checkpoints")}($1::integer[], $2::bigint[], $3::bigint[], $4::bigint[], ${nullableListSql("$5", "uuid")}) as moved`,
    ),
    readCheckpoint: named("read_checkpoint", `select checkpoint::text, event_id::text from ${functionName(schema, "read_checkpoint")}($1, $2)`),
    standing: {
      name: "tidemark_worker_standing",
      // Unprepared: a plan from when the log was small would scan it.
      unprepared: true,
      text: `
select coalesce((select e.id::text from ${at}.events as e where e.position = $1), (select o.id::text from ${at}.outbox as o where o.position = $1)) as found,
       coalesce((select e.position from ${at}.events as e order by e.position desc limit 1), 0)::text as last_position`,
    },
    holdLivenessLock: named(
      "hold_liveness_lock",
      `select ${functionName(schema, "hold_liveness_lock")}($1::integer)::text as held, pg_catalog.pg_backend_pid()::text as pid`,
    ),
    freeLivenessLocks: named(
      "free_liveness_locks",
      `select pg_catalog.array_to_json(${functionName(schema, "free_liveness_locks")}($1::integer[]))::text as free, pg_catalog.pg_backend_pid()::text as pid`,
    ),
    endLeasesOfDead: named("end_leases_of_dead", `select ${functionName(schema, "end_leases_of_dead")}($1::integer[])::text`),
    cancel: named("cancel", "select pg_catalog.pg_cancel_backend($1::integer)::text"),
    reached: named(
      "reached",
      `
select pg_catalog.min(s.position)::text as reached
  from ${at}.consumer_shards as s
 where s.tenant = $1 and s.consumer = $2`,
    ),
  };
}
