import type { Statement } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { planned } from "../database/planned.ts";
import { functionName } from "../schema/function-set.ts";

/** What the owner of a shard asks of its dead letters. */
export interface DeadLetterStatements {
  readonly park: Statement;
  readonly parkBehind: Statement;
  readonly parkedStreams: Statement;
  readonly nextRequested: Statement;
  readonly settle: Statement;
  readonly retryFailed: Statement;
  readonly firstUnsettled: Statement;
  readonly retryPending: Statement;
}

export function deadLetterStatements(schema: string): DeadLetterStatements {
  const at = quoteIdentifier(schema);
  const named = (name: string, text: string): Statement => ({ name: `tidemark_worker_${name}`, text });
  return {
    park: named("park", `select ${functionName(schema, "park_event")}($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)::text`),
    parkBehind: named("park_behind", `select ${functionName(schema, "park_behind")}($1, $2, $3, $4, $5, $6)::text as parked`),
    parkedStreams: planned(
      "worker_parked_streams",
      `
select distinct d.stream_id::text as stream
  from ${at}.dead_letters as d
 where d.tenant = $1 and d.consumer = $2 and d.state <> 'skipped' and d.stream_id % $4::bigint = $3::bigint`,
    ),
    nextRequested: planned(
      "worker_next_requested",
      `
select d.position::text, d.stream_id::text as stream, d.attempts::text
  from ${at}.dead_letters as d
 where d.tenant = $1 and d.consumer = $2 and d.retry_requested and d.stream_id % $4::bigint = $3::bigint
 order by d.position
 limit 1`,
    ),
    settle: named("settle", `select ${functionName(schema, "settle_dead_letter")}($1, $2, $3)::text as settled`),
    retryFailed: named("retry_failed", `select ${functionName(schema, "dead_letter_failed_again")}($1, $2, $3, $4, $5, $6, $7)::text`),
    firstUnsettled: planned(
      "worker_first_unsettled",
      `
select d.position::text, (d.stream_id % c.shards::bigint)::text as shard, d.error_message as message
  from ${at}.consumers as c
  join ${at}.dead_letters as d on d.tenant = c.tenant and d.consumer = c.name
 where c.tenant = $1 and c.name = $2 and d.state <> 'skipped' and d.position <= $3
 order by d.position
 limit 1`,
    ),
    retryPending: planned(
      "worker_retry_pending",
      `
select exists (
         select from ${at}.dead_letters as d where d.tenant = $1 and d.consumer = $2 and d.retry_requested
       )::text as pending`,
    ),
  };
}
