import type { Statement, TextRow } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { toSafeInteger } from "../../database/number.ts";
import type { VerifyProblem } from "./problems.ts";
import type { LogPart, Verification } from "./verify-log.ts";

/** Looks for inputs and commands whose instance is gone, and for inputs whose event is. No foreign key keeps them: see `14-processes.sql`. */
export async function verifyProcesses(
  { database, schema, problems, signal }: Verification,
  { from, until, tenant }: Pick<LogPart, "from" | "until" | "tenant">,
): Promise<void> {
  const rows = await database.query(strays(quoteIdentifier(schema)), [from, until, tenant ?? null], { signal, timeoutMs: 0 });
  for (const row of rows) problems.add(problemOf(row));
}

/**
 * A row of `process_inputs` names a tenant by its instance, or where that is gone by its event. A command names one itself, and no position.
 *
 * @param schema - Quoted.
 */
function strays(schema: string): Statement {
  return {
    name: "tidemark_verify_processes",
    unprepared: true,
    text: `
select 'input' as kind, i.process as process, i.instance as instance, p.instance_id::text as instance_id, p.number::text as number,
       p.position::text as position, coalesce(i.tenant, e.tenant, '') as tenant
  from ${schema}.process_inputs as p
  left join ${schema}.process_instances as i on i.id = p.instance_id
  left join ${schema}.events as e on e.position = p.position
 where p.position > $1::bigint and p.position <= $2::bigint and (i.id is null or e.position is null)
   and ($3::text is null or coalesce(i.tenant, e.tenant, '') = $3::text)
union all
select 'command', c.process, null, c.instance_id::text, c.input::text, null, c.tenant
  from ${schema}.process_commands as c
  left join ${schema}.process_instances as i on i.id = c.instance_id
 where i.id is null and ($3::text is null or c.tenant = $3::text)`,
  };
}

function problemOf({ kind, process, instance, instance_id: id, number, position, tenant }: TextRow): VerifyProblem {
  const at = { kind: "process", tenant: tenant ?? "" } as const;
  if (kind === "command")
    return { ...at, what: `A command of input ${number} of the process ${JSON.stringify(process)} belongs to instance number ${id}, which is not stored.` };
  const place = { ...at, position: toSafeInteger(position) };
  if (instance == null)
    return { ...place, what: `Input ${number}, at position ${position}, belongs to instance number ${id} of a process, which is not stored.` };
  return {
    ...place,
    what: `Input ${number} of instance ${JSON.stringify(instance)} of the process ${JSON.stringify(process)} is at position ${position}, where no event is.`,
  };
}
