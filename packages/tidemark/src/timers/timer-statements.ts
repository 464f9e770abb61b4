import type { Statement } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { milliseconds } from "../database/milliseconds.ts";
import { functionName } from "../schema/function-set.ts";

/** What this room asks of the database. */
export interface TimerStatements {
  /** `set-timers.sql` */
  readonly set: Statement;
  /** $1 tenant; $2 owners all of whose timers go; $3 owners and $4 keys of single ones. */
  readonly cancel: Statement;
  /** $1 tenant, $2 owners. */
  readonly ofOwners: Statement;
}

/** What a timer is told of. */
const timerColumns = `
t.owner::text, t.key, t.stream, t.event_id::text, t.type, ${milliseconds("t.due_at")} as due_at, t.attempts::text, t.error_code, t.error_message,
(t.next_try_at is not distinct from timestamptz 'infinity')::text as parked`;

export function timerStatements(schema: string): TimerStatements {
  const at = quoteIdentifier(schema);
  const named = (name: string, text: string): Statement => ({ name: `tidemark_timer_${name}`, text });
  return {
    set: named(
      "set",
      `
select set_owner::text as owner, set_key as key, set_event_id::text as event_id, ${milliseconds("set_due_at")} as due_at,
       pg_catalog.ceil(pg_catalog.date_part('epoch', set_in) * 1000::float8)::bigint::text as in_ms
  from ${functionName(schema, "set_timers")}($1, $2::bigint[], $3, $4, $5::uuid[], $6, $7, $8, $9, $10::smallint[], $11::bigint[], $12::boolean[], $13, $14, $15)`,
    ),
    cancel: named(
      "cancel",
      `
with everything as (
  delete from ${at}.timers as t using pg_catalog.unnest($2::bigint[]) as wanted (owner)
   where t.tenant = $1 and t.owner = wanted.owner
  returning 1
), single as (
  delete from ${at}.timers as t using rows from (pg_catalog.unnest($3::bigint[]), pg_catalog.unnest(pg_catalog.string_to_array($4, pg_catalog.chr(30)))) as wanted (owner, key)
   where t.tenant = $1 and t.owner = wanted.owner and t.key = wanted.key and not t.owner = any ($2::bigint[])
  returning 1
)
select ((select pg_catalog.count(*) from everything) + (select pg_catalog.count(*) from single))::text as cancelled`,
    ),
    ofOwners: named(
      "of_owners",
      `
select ${timerColumns}
  from ${at}.timers as t
 where t.tenant = $1 and t.owner = any ($2::bigint[])
 order by t.due_at, t.owner, t.key`,
    ),
  };
}
