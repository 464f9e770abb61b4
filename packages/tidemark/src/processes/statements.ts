import type { Statement } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { eventColumns } from "../read/decode.ts";
import { functionName } from "../schema/function-set.ts";
import { type CommandStatements, commandStatements, ofShard } from "./command-statements.ts";

/** What a process's follower asks of the database. */
export interface ProcessStatements extends CommandStatements {
  /** See `register-process.sql`. */
  readonly register: Statement;
  /** `$1` tenant, `$2` process: its versions, and where they are. */
  readonly versions: Statement;
  /** See `load-process-instances.sql`. */
  readonly load: Statement;
  /** See `record-process-inputs.sql`. */
  readonly record: Statement;
  /** `$1` tenant, `$2` process, `$3` version, `$4` shards, `$5` shard: one instance of the shard that is to be tried again, locked. */
  readonly requested: Statement;
  /** `$1` id: it was tried again. */
  readonly served: Statement;
  /** `$1` id, `$2` after which number, `$3` up to which: its inputs with their events. */
  readonly inputs: Statement;
  /**
   * `$1` tenant, `$2` process, `$3` shards, `$4` shard, `$5` the follower, `$6` for how many milliseconds to keep those that have ended, `$7` how
   * many: forgets them, whatever their version, and returns a row for each.
   */
  readonly forget: Statement;
}

export function processStatements(schema: string): ProcessStatements {
  const at = quoteIdentifier(schema);
  const named = (name: string, text: string): Statement => ({ name: `tidemark_process_${name}`, text });
  const instance = `i.id::text as id, i.instance as instance, i.status as status, i.parked as parked, i.state::text as state, i.version::text as version,
       i.state_version::text as state_version, i.handled::text as handled, i.inputs::text as inputs, i.late::text as late, i.error::text as error`;
  return {
    ...commandStatements(schema),
    register: named(
      "register",
      `select r.starts_after::text, r.starts_until::text from ${functionName(schema, "register_process")}($1, $2, $3, $4, $5, $6) as r`,
    ),
    versions: named(
      "versions",
      `
select v.version::text as version, v.starts_after::text as starts_after, v.starts_until::text as starts_until, place.reached::text as reached, c.name as follower,
       (exists (
         select from ${at}.consumer_workers as w where w.tenant = c.tenant and w.consumer = c.name and w.lease_end > pg_catalog.clock_timestamp()
       ) or (
         -- A worker registers its version just before its first heartbeat, and evicts the owners of the one before, who look here at once.
         v.registered_at > pg_catalog.clock_timestamp() - interval '10 seconds' and not exists (
           select from ${at}.consumer_shards as s join ${at}.consumer_leases as l on l.id = s.id
            where s.tenant = c.tenant and s.consumer = c.name and l.owner is not null
         )
       ))::text as is_served,
       -- No version starts an instance before those below it have reached their ends, so the first one that runs is of the lowest version.
       (v.version = (
         select i.version from ${at}.process_instances as i where i.tenant = $1 and i.process = $2 and i.status = 'running' order by i.id limit 1
       ) or exists (
         select from ${at}.process_commands as p where p.tenant = $1 and p.process = $2 and p.version = v.version and p.status = 'pending'
       ))::text as is_open
  from ${at}.process_versions as v
  join ${at}.consumers as c on c.tenant = v.tenant and c.kind = 'process' and c.owner_name = v.process and c.owner_version = v.version
  join lateral (
    select pg_catalog.min(s.position) as reached from ${at}.consumer_shards as s where s.tenant = c.tenant and s.consumer = c.name
  ) as place on true
 where v.tenant = $1 and v.process = $2
 order by v.version`,
    ),
    load: named("load", `select ${instance} from ${functionName(schema, "load_process_instances")}($1, $2, $3, $4::text::jsonb) as i`),
    record: named(
      "record",
      `select r.instance as instance, r.id::text as id from ${functionName(schema, "record_process_inputs")}($1, $2, $3, $4::text::json, $5::text::json, $6::text::json) as r`,
    ),
    requested: named(
      "requested",
      `
select ${instance}
  from ${at}.process_instances as i
 where ${ofShard("i")} and i.retry_requested
 order by i.id
 limit 1
   for no key update`,
    ),
    served: named("served", `update ${at}.process_instances as i set retry_requested = false where i.id = $1 returning 'true' as served`),
    inputs: named(
      "inputs",
      `
select p.number::text as number, s.name as stream_name, e.tenant as tenant, ${eventColumns}
  from ${at}.process_inputs as p
  join ${at}.events as e on e.position = p.position
  join ${at}.streams as s on s.id = e.stream_id
 where p.instance_id = $1 and p.number > $2 and p.number <= $3
 order by p.number`,
    ),
    forget: named(
      "forget",
      `
with reached as (
  select pg_catalog.min(s.position) as position from ${at}.consumer_shards as s where s.tenant = $1 and s.consumer = $5
), handled as (
  -- The time of the last event that all shards have handled: what is recorded later, and still to come, would begin the instance again.
  select e.recorded_at from ${at}.events as e, reached where e.position <= reached.position order by e.position desc limit 1
), old as materialized (
  select i.id
    from ${at}.process_instances as i
   where i.tenant = $1 and i.process = $2 and i.hash % $3::integer = $4::integer
     and i.ended_at < (select h.recorded_at - $6::float8 * interval '1 millisecond' from handled as h)
     and i.parked is null
     and not exists (select from ${at}.process_commands as c where c.instance_id = i.id and c.status in ('pending', 'parked'))
   order by i.ended_at, i.id
   limit $7
     for update skip locked
), inputs as (
  delete from ${at}.process_inputs as p using old where p.instance_id = old.id
), commands as (
  delete from ${at}.process_commands as c using old where c.instance_id = old.id
)
delete from ${at}.process_instances as i
 using old
 where i.id = old.id
returning i.id::text as id`,
    ),
  };
}
