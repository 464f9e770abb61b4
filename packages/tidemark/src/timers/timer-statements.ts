import type { Statement } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { planned } from "../database/planned.ts";
import { milliseconds } from "../database/milliseconds.ts";
import { nullableListSql } from "../database/nullable-list.ts";
import { functionName } from "../schema/function-set.ts";

/** What this room asks of the database. */
export interface TimerStatements {
  /** `set-timers.sql` */
  readonly set: Statement;
  /** `cancel-timers.sql` */
  readonly cancel: Statement;
  /** $1 tenant, $2 owners. */
  readonly ofOwners: Statement;
  /** $1 tenant; $2 due before; $3 due time and $4 key of the last one seen; $5 rows. */
  readonly list: Statement;
  /** The database's clock, in whole milliseconds that have passed. */
  readonly now: Statement;
  /** `next-timer.sql` */
  readonly next: Statement;
  /** `claim-timers.sql` */
  readonly claim: Statement;
  /** $1 tenant, $2 rows: those that failed before, and are to be tried again. */
  readonly retries: Statement;
  /** `recur-timers.sql` */
  readonly recur: Statement;
  /**
   * $1 tenant, $2 owner, $3 key, $4 event id, $9 attempts and $10 due time, in milliseconds, as they were when it was tried: tried again in $5 ms, or
   * never if null, after $6 more failed attempts, with code and message in $7 and $8.
   */
  readonly defer: Statement;
}

/** What a timer is told of. */
const timerColumns = `
t.owner::text, t.key, t.stream, t.event_id::text, t.type, ${milliseconds("t.due_at")} as due_at, t.cron, t.time_zone, t.missed,
t.attempts::text, t.error_code, t.error_message, ${milliseconds("nullif(t.next_try_at, timestamptz 'infinity')")} as next_try_at,
(t.next_try_at is not distinct from timestamptz 'infinity')::text as parked`;

const interval = (milliseconds: string): string => `${milliseconds}::bigint::float8 * interval '1 millisecond'`;
const instant = (milliseconds: string): string => `timestamptz 'epoch' + ${interval(milliseconds)}`;

export function timerStatements(schema: string): TimerStatements {
  const at = quoteIdentifier(schema);
  const named = (name: string, text: string): Statement => ({ name: `tidemark_timer_${name}`, text });
  /** Of those that failed, or of the others: each is in one index, in this order. */
  const page = (failed: boolean): string => `
  select ${timerColumns}, t.due_at as place
    from ${at}.timers as t
   where t.tenant = $1 and t.owner = 0 and t.next_try_at is ${failed ? "not null" : "null"}
     and ($2::bigint is null or t.due_at < ${instant("$2")})
     and ($3::bigint is null or (t.due_at, t.owner, t.key) > (${instant("$3")}, 0::bigint, $4::text))
   order by t.due_at, t.owner, t.key
   limit $5`;
  return {
    set: named(
      "set",
      `
select set_owner::text as owner, set_key as key, set_event_id::text as event_id, ${milliseconds("set_due_at")} as due_at,
       pg_catalog.floor(pg_catalog.date_part('epoch', set_in) * 1000::float8)::bigint::text as in_ms
  from ${functionName(schema, "set_timers")}($1, $2::bigint[], $3, $4, $5::uuid[], $6, $7, $8, $9, $10::smallint[], $11::bigint[], $12::boolean[], $13, $14, $15)`,
    ),
    cancel: named("cancel", `select ${functionName(schema, "cancel_timers")}($1, $2::bigint[], $3::bigint[], $4)::text as cancelled`),
    ofOwners: planned(
      "timer_of_owners",
      `
select ${timerColumns}
  from ${at}.timers as t
 where t.tenant = $1 and t.owner = any ($2::bigint[])
 order by t.due_at, t.owner, t.key`,
    ),
    list: planned("timer_list", `select * from ((${page(false)}) union all (${page(true)})) as t order by t.place, t.key limit $5`),
    now: named("now", `select ${milliseconds("pg_catalog.date_trunc('milliseconds', pg_catalog.clock_timestamp())")} as now`),
    next: named(
      "next",
      `select pg_catalog.ceil(pg_catalog.date_part('epoch', ${functionName(schema, "next_timer")}($1)) * 1000::float8)::bigint::text as in_ms`,
    ),
    claim: named(
      "claim",
      `
select taken_owner::text as owner, taken_key as key, taken_stream as stream, taken_event_id::text as event_id, taken_type as type,
       taken_schema_version::text as schema_version, taken_data::text as data, taken_metadata::text as metadata,
       pg_catalog.array_to_string(taken_tags, pg_catalog.chr(31)) as tags, ${milliseconds("taken_due_at")} as due_at, taken_cron as cron,
       taken_time_zone as time_zone, taken_missed as missed, taken_attempts::text as attempts,
       ${milliseconds("pg_catalog.date_trunc('milliseconds', taken_now)")} as now
  from ${functionName(schema, "claim_timers")}($1, $2::integer, $3::integer, $4::bigint, $5, $6::uuid)`,
    ),
    retries: planned(
      "timer_retries",
      `
select t.owner::text, t.key, t.event_id::text, t.stream, t.attempts::text, ${milliseconds("t.due_at")} as due_at
  from ${at}.timers as t
 where t.tenant = $1 and t.next_try_at <= (select pg_catalog.clock_timestamp())
 order by t.next_try_at, t.due_at, t.owner, t.key
 limit $2`,
    ),
    recur: named("recur", `select ${functionName(schema, "recur_timers")}($1, $2::bigint[], $3, ${nullableListSql("$4", "bigint")})::text`),
    defer: planned(
      "timer_defer",
      `
update ${at}.timers as t
   set attempts = t.attempts + $6::integer,
       next_try_at = case when $5::bigint is null then timestamptz 'infinity' else pg_catalog.clock_timestamp() + ${interval("$5")} end,
       error_code = coalesce($7, t.error_code), error_message = coalesce($8, t.error_message)
 where t.tenant = $1 and t.owner = $2::bigint and t.key = $3 and t.event_id = $4::uuid
   -- Another worker may have fired or tried it since: a recurring one keeps its id, and would be parked at its next due time.
   and t.attempts = $9::integer and t.due_at = ${instant("$10")}`,
    ),
  };
}
