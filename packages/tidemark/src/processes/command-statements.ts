import type { Statement } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { planned } from "../database/planned.ts";
import { functionName } from "../schema/function-set.ts";

/** What is asked of the database to issue the commands of processes. */
export interface CommandStatements {
  /** `$1` tenant, `$2` process, `$3` version, `$4` shards, `$5` shard, `$6` instances that are being worked on, `$7` how many: what is due, with what follows it. */
  readonly due: Statement;
  /** The same `$1` to `$6`: milliseconds until the next one is due. */
  readonly nextDue: Statement;
  /** `$1` instances whose first command waits: the others wait as long. */
  readonly postpone: Statement;
  /** See `pending-process-commands.sql`. */
  readonly stillPending: Statement;
  /** See `mark-process-commands.sql`. */
  readonly done: Statement;
  /** `$1` shard's id, `$2` its fence, `$3` id, `$4` attempts, `$5` in how many milliseconds, `$6` error. Demands the fence. */
  readonly backOff: Statement;
  /** `$1` shard's id, `$2` its fence, `$3` id, `$4` attempts, `$5` error: parks it, and says so of its instance. Demands the fence. Returns a row if it was pending. */
  readonly park: Statement;
  /** `$1` id, `$2` error, `$3` number of the state. Returns a row if it was pending. */
  readonly refuse: Statement;
  /** `$1` id: the command that was refused. */
  readonly command: Statement;
  /** `$1` tenant, `$2` process, `$3` version: whether commands are pending or a retry is requested. */
  readonly pending: Statement;
}

/** Instances or commands, by the alias of their table, of `$1` tenant, `$2` process, `$3` version, `$4` shards, `$5` shard. */
export function ofShard(alias: string): string {
  return `${alias}.tenant = $1 and ${alias}.process = $2 and ${alias}.version = $3 and ${alias}.hash % $4::integer = $5::integer`;
}

export function commandStatements(schema: string): CommandStatements {
  const at = quoteIdentifier(schema);
  const named = (name: string, text: string): Statement => ({ name: `tidemark_process_${name}`, text });
  const mine = `${ofShard("c")} and c.status = 'pending'`;
  // In the statement that writes: a worker that was taken over may think a command failed that another one has issued, and not marked yet.
  const entered = `entered as materialized (select ${functionName(schema, "enter_shard")}($1, $2) as pid)`;
  return {
    due: planned(
      "process_due",
      `
with due as (
  select distinct d.instance_id
    from (
      select c.instance_id
        from ${at}.process_commands as c
       where ${mine} and c.due_at <= pg_catalog.clock_timestamp() and not c.instance_id = any ($6::bigint[])
       order by c.due_at, c.id
       limit $7
    ) as d
)
select c.id::text as id, c.instance_id::text as instance_id, i.instance as instance, c.input::text as input, pg_catalog.array_to_json(c.path)::text as path,
       c.kind as kind, c.stream as stream, c.payload::text as payload, c.status as status, c.attempts::text as attempts,
       (c.due_at <= pg_catalog.clock_timestamp())::text as is_due
  from due
  join ${at}.process_commands as c on c.instance_id = due.instance_id
  join ${at}.process_instances as i on i.id = due.instance_id
 where c.status in ('pending', 'parked')
 order by c.instance_id, c.input, c.path`,
    ),
    nextDue: planned(
      "process_next_due",
      `
select pg_catalog.ceil(pg_catalog.date_part('epoch', c.due_at - pg_catalog.clock_timestamp()) * 1000::float8)::bigint::text as in_ms
  from ${at}.process_commands as c
 where ${mine} and c.due_at < 'infinity' and not c.instance_id = any ($6::bigint[])
 order by c.due_at, c.id
 limit 1`,
    ),
    postpone: planned(
      "process_postpone",
      `
update ${at}.process_commands as c
   set due_at = case h.status when 'parked' then 'infinity' else h.due_at end
  from (
    select distinct on (f.instance_id) f.instance_id, f.status, f.due_at
      from ${at}.process_commands as f
     where f.instance_id = any ($1::bigint[]) and f.status in ('pending', 'parked')
     order by f.instance_id, f.input, f.path
  ) as h
  join ${at}.process_commands as s on s.instance_id = h.instance_id
 -- As it was seen: a retry, waited for here, has made the first one due, and would have this one wait for ever.
 where c.instance_id = s.instance_id and c.input = s.input and c.path operator(pg_catalog.=) s.path and c.due_at = s.due_at and c.status = 'pending'`,
    ),
    stillPending: named(
      "still_pending",
      `select r.fence::text as fence, r.pending::text as pending from ${functionName(schema, "pending_process_commands")}($1, $2) as r`,
    ),
    done: named("done", `select ${functionName(schema, "mark_process_commands")}($1, $2)::text as done`),
    backOff: named(
      "back_off",
      `
with ${entered}
update ${at}.process_commands as c
   set attempts = $4, due_at = pg_catalog.clock_timestamp() + $5::float8 * interval '1 millisecond', error = $6::text::jsonb
  from entered
 where c.id = $3 and c.status = 'pending'`,
    ),
    park: named(
      "park",
      `
with ${entered}, locked as materialized (
  -- First, as everything does that locks an instance and its commands.
  select i.id
    from entered
    join ${at}.process_instances as i on i.id = (select p.instance_id from ${at}.process_commands as p where p.id = $3)
     for no key update of i
), parked as (
  update ${at}.process_commands as c
     set status = 'parked', attempts = $4, error = $5::text::jsonb, due_at = 'infinity'
    from locked
   where c.id = $3 and c.instance_id = locked.id and c.status = 'pending'
  returning c.instance_id, c.error
)
update ${at}.process_instances as i
   set parked = coalesce(i.parked, 'command'), error = coalesce(i.error, parked.error), updated_at = pg_catalog.clock_timestamp()
  from parked
 where i.id = parked.instance_id
returning i.id::text as id`,
    ),
    refuse: named(
      "refuse",
      `
update ${at}.process_commands as c
   set status = 'refused', attempts = c.attempts + 1, error = $2::text::jsonb, state_number = $3, settled_at = pg_catalog.clock_timestamp()
 where c.id = $1 and c.status = 'pending'
returning c.id::text as id`,
    ),
    command: named(
      "command",
      `
select c.error::text as error, c.state_number::text as state_number
  from ${at}.process_commands as c
 where c.instance_id = $1 and c.input = $2 and c.path operator(pg_catalog.=) $3::integer[]`,
    ),
    pending: planned(
      "process_pending",
      `
select (exists (select from ${at}.process_commands as c where c.tenant = $1 and c.process = $2 and c.version = $3 and c.status = 'pending' and c.due_at < 'infinity')
        or exists (select from ${at}.process_instances as i where i.tenant = $1 and i.process = $2 and i.version = $3 and i.retry_requested))::text as pending`,
    ),
  };
}
