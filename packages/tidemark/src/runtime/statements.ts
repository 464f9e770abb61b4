import type { Statement } from "../database/database.ts";
import { followsSql } from "../projections/defined-projection.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { nullableListSql } from "../database/nullable-list.ts";
import { functionName } from "../schema/function-set.ts";

/** What workers ask of the database: one call of a function of `schema/functions` each. */
export interface WorkerStatements {
  readonly declare: Statement;
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
  readonly park: Statement;
  readonly parkBehind: Statement;
  readonly parkedStreams: Statement;
  readonly nextRetry: Statement;
  readonly settle: Statement;
  readonly retryFailed: Statement;
  readonly firstLetter: Statement;
  readonly cancel: Statement;
  readonly progress: Statement;
}

export function workerStatements(schema: string): WorkerStatements {
  const at = quoteIdentifier(schema);
  const named = (name: string, text: string): Statement => ({ name: `tidemark_worker_${name}`, text });
  return {
    declare: named(
      "declare",
      `select before::text, shards::text from ${functionName(schema, "declare_consumer")}($1, $2, $3, $4, $5::text::jsonb, $6, $7, $8)`,
    ),
    requestShards: named("request_shards", `select ${functionName(schema, "request_shards")}($1, $2, $3)::text`),
    finishShards: named("finish_shards", `select ${functionName(schema, "finish_shards")}($1, $2)::text as finished`),
    renew: named(
      "renew",
      `select ${functionName(schema, "renew_leases")}($1, $2, $3, $4, $5::integer[], $6::bigint[], $7::text[], $8::text::jsonb)::text as answer`,
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
    standing: named(
      "standing",
      `
select (select e.id::text from ${at}.events as e where e.position = $1) as found,
       coalesce((select e.position from ${at}.events as e order by e.position desc limit 1), 0)::text as last_position`,
    ),
    park: named("park", `select ${functionName(schema, "park_event")}($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)::text`),
    parkBehind: named("park_behind", `select ${functionName(schema, "park_behind")}($1, $2, $3, $4, $5, $6)::text as parked`),
    parkedStreams: named(
      "parked_streams",
      `
select distinct d.stream_id::text as stream
  from ${at}.dead_letters as d
 where d.tenant = $1 and d.consumer = $2 and d.state <> 'skipped' and d.stream_id % $4::bigint = $3::bigint`,
    ),
    nextRetry: named(
      "next_retry",
      `
select d.position::text, d.stream_id::text as stream, d.attempts::text
  from ${at}.dead_letters as d
 where d.tenant = $1 and d.consumer = $2 and d.retry_requested and d.stream_id % $4::bigint = $3::bigint
 order by d.position
 limit 1`,
    ),
    settle: named("settle", `select ${functionName(schema, "settle_letter")}($1, $2, $3)::text as settled`),
    retryFailed: named("retry_failed", `select ${functionName(schema, "letter_failed_again")}($1, $2, $3, $4, $5, $6, $7)::text`),
    firstLetter: named(
      "first_letter",
      `
select d.position::text, (d.stream_id % c.shards::bigint)::text as shard, d.error_message as message
  from ${at}.consumers as c
  join ${at}.dead_letters as d on d.tenant = c.tenant and d.consumer = c.name
 where c.tenant = $1 and c.name = $2 and d.state <> 'skipped' and d.position <= $3
 order by d.position
 limit 1`,
    ),
    cancel: named("cancel", "select pg_catalog.pg_cancel_backend($1::integer)::text"),
    progress: named(
      "progress",
      `
select (case when pg_catalog.bool_or(p.state = 'live') then ${Number.MAX_SAFE_INTEGER} else pg_catalog.min(s.position) end)::text as reached
  from ${at}.consumers as c
  join ${at}.consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
  left join ${at}.projections as p on ${followsSql}
 where c.tenant = $1 and c.name = $2`,
    ),
  };
}
