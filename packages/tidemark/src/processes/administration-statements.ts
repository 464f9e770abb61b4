import type { Statement } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { milliseconds } from "../database/milliseconds.ts";
import { eventColumns } from "../read/decode.ts";
import type { ProcessStatus } from "./process-info.ts";

export interface AdministrationStatements {
  /** `$1` tenant, `$2` process or null, `$3` after which id, `$4` how many, `$5` version or null. */
  readonly list: (named: boolean, status: ProcessStatus | undefined) => Statement;
  /** `$1` tenant, `$2` process or null. */
  readonly versions: Statement;
  /** `$1` tenant, `$2` process, `$3` instance. */
  readonly find: Statement;
  /** `$1` id, `$2` how many: the latest, in order. */
  readonly inputs: Statement;
  readonly commands: Statement;
  /** `$1` id. */
  readonly retryInstance: Statement;
  readonly retryCommands: Statement;
  readonly cancelInstance: Statement;
  readonly cancelCommands: Statement;
}

const instanceColumns = `
  i.id::text as id, i.process as process, i.instance as instance, i.version::text as version, i.state_version::text as state_version, i.status as status, i.parked as parked,
  i.handled::text as handled, i.inputs::text as inputs, i.late::text as late, i.error::text as error,
  ${milliseconds("i.created_at")} as created_at, ${milliseconds("i.updated_at")} as updated_at,
  ${milliseconds("i.ended_at")} as ended_at`;

export function administrationStatements(schema: string): AdministrationStatements {
  const at = quoteIdentifier(schema);
  const named = (name: string, text: string): Statement => ({ name: `tidemark_processes_${name}`, text });
  const where = (status: ProcessStatus | undefined): string => {
    if (status === undefined) return "true";
    return status === "parked" ? "i.parked is not null" : `i.parked is null and i.status = '${status}'`;
  };
  /** Of one process each status has its page by an index, and all of them are merged. */
  const wheres = (of: boolean, status: ProcessStatus | undefined): readonly string[] =>
    of && status === undefined ? ["running", "completed", "cancelled"].map((one) => `i.status = '${one}'`) : [where(status)];
  const page = (of: boolean, condition: string): string => `
  select ${instanceColumns}, i.id as place
    from ${at}.process_instances as i
   where i.tenant = $1 and ${of ? "i.process = $2" : "$2::text is null"} and ${condition} and i.id > $3 and i.version = coalesce($5::integer, i.version)
   order by i.id
   limit $4`;
  return {
    list: (of, status) =>
      named(
        `list_${of ? "one" : "all"}_${status ?? "any"}`,
        `select * from (${wheres(of, status)
          .map((condition) => `(${page(of, condition)})`)
          .join(" union all ")}) as i order by i.place limit $4`,
      ),
    versions: named(
      "versions",
      `
select v.process as process, v.version::text as version, v.starts_after::text as starts_after, v.starts_until::text as starts_until,
       (select pg_catalog.min(s.position) from ${at}.consumer_shards as s where s.tenant = c.tenant and s.consumer = c.name)::text as position,
       (
         select pg_catalog.count(*)
           from ${at}.consumer_workers as w
          where w.tenant = c.tenant and w.consumer = c.name and w.lease_end > pg_catalog.clock_timestamp()
       )::text as workers,
       (
         select pg_catalog.count(*)
           from ${at}.process_instances as i
          where i.tenant = v.tenant and i.process = v.process and i.status = 'running' and i.version = v.version
       )::text as open,
       (
         select pg_catalog.count(*)
           from ${at}.process_instances as i
          where i.tenant = v.tenant and i.process = v.process and i.parked is not null and i.version = v.version
       )::text as parked,
       (
         select pg_catalog.count(*)
           from ${at}.process_commands as p
          where p.tenant = v.tenant and p.process = v.process and p.version = v.version and p.status = 'pending'
       )::text as pending
  from ${at}.process_versions as v
  join ${at}.consumers as c on c.tenant = v.tenant and c.kind = 'process' and c.owner_name = v.process and c.owner_version = v.version
 where v.tenant = $1 and v.process = coalesce($2, v.process)
 order by v.process, v.version`,
    ),
    find: named(
      "find",
      `select ${instanceColumns}, i.state::text as state from ${at}.process_instances as i where i.tenant = $1 and i.process = $2 and i.instance = $3`,
    ),
    inputs: named(
      "inputs",
      `
select p.number::text as number, s.name as stream_name, e.tenant as tenant, ${eventColumns}
  from (select * from ${at}.process_inputs as l where l.instance_id = $1 order by l.number desc limit $2) as p
  join ${at}.events as e on e.position = p.position
  join ${at}.streams as s on s.id = e.stream_id
 order by p.number`,
    ),
    commands: named(
      "commands",
      `
select c.input::text as input, pg_catalog.array_to_json(c.path)::text as path, c.kind as kind, c.stream as stream, c.payload::text as payload,
       c.status as status, c.attempts::text as attempts, case when c.due_at < 'infinity' then ${milliseconds("c.due_at")} end as due_at, c.error::text as error
  from (select * from ${at}.process_commands as l where l.instance_id = $1 order by l.input desc, l.path desc limit $2) as c
 order by c.input, c.path`,
    ),
    retryInstance: named(
      "retry_instance",
      `
update ${at}.process_instances as i
   set retry_requested = true,
       parked = case i.parked when 'command' then null else i.parked end,
       error = case i.parked when 'command' then null else i.error end,
       updated_at = pg_catalog.clock_timestamp()
 where i.id = $1`,
    ),
    retryCommands: named(
      "retry_commands",
      `
update ${at}.process_commands as c
   set status = 'pending', attempts = 0, due_at = pg_catalog.clock_timestamp()
 where c.instance_id = $1 and c.status in ('pending', 'parked')`,
    ),
    cancelInstance: named(
      "cancel_instance",
      `
update ${at}.process_instances as i
   set status = case i.status when 'running' then 'cancelled' else i.status end,
       parked = null,
       error = null,
       updated_at = pg_catalog.clock_timestamp(),
       ended_at = coalesce(i.ended_at, pg_catalog.clock_timestamp())
 where i.id = $1`,
    ),
    cancelCommands: named(
      "cancel_commands",
      `
update ${at}.process_commands as c
   set status = 'cancelled', settled_at = pg_catalog.clock_timestamp()
 where c.instance_id = $1 and c.status in ('pending', 'parked')`,
    ),
  };
}
