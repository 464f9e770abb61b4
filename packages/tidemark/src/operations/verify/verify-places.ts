import type { Statement, TextRow } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { toSafeInteger } from "../../database/number.ts";
import type { VerifyProblem } from "./problems.ts";
import type { LogPart, Verification } from "./verify-log.ts";

/** Looks at what points into the log from outside: the position sequence, checkpoints and snapshots. */
export async function verifyPlaces({ database, schema, problems, signal }: Verification, { until, tenant }: Pick<LogPart, "until" | "tenant">): Promise<void> {
  const rows = await database.query(places(quoteIdentifier(schema)), [until, tenant ?? null], { signal, timeoutMs: 0 });
  for (const row of rows) problems.add(problemOf(row));
}

/**
 * A checkpoint holds the position and the id of an event, or of a message of the outbox. Its position may be above the mark that was read before, but not above the log. A
 * snapshot holds its last event.
 *
 * @param schema - Quoted.
 */
function places(schema: string): Statement {
  return {
    name: "tidemark_verify_places",
    unprepared: true,
    text: `
select 'sequence' as kind, null as name, '' as tenant, l.position::text, null as event_id, coalesce(l.drawn, 0)::text as detail
  from (select greatest(pg_catalog.max(e.position), (select pg_catalog.max(o.position) from ${schema}.outbox as o)) as position, pg_catalog.pg_sequence_last_value('${schema.replaceAll("'", "''")}.events_position_seq'::pg_catalog.regclass) as drawn
          from ${schema}.events as e) as l
 where l.position > coalesce(l.drawn, 0) and not pg_catalog.pg_is_in_recovery()
union all
select 'checkpoint', c.consumer, c.tenant, c.position::text, c.event_id::text, coalesce(e.id, o.id)::text
  from ${schema}.consumer_shards as c
  left join ${schema}.events as e on e.position = c.position
  left join ${schema}.outbox as o on o.position = c.position
 where c.event_id is not null and coalesce(e.id, o.id) is distinct from c.event_id and ($2::text is null or c.tenant = $2::text)
union all
select 'snapshot', s.name || ' of ' || s.key, s.tenant, s.position::text, s.event_id::text, e.id::text
  from ${schema}.snapshots as s
  left join ${schema}.events as e on e.position = s.position
 where s.position <= $1::bigint and e.id is distinct from s.event_id and ($2::text is null or s.tenant = $2::text)`,
  };
}

function problemOf({ kind, name, tenant, position, event_id: eventId, detail }: TextRow): VerifyProblem {
  const at = { tenant: tenant ?? "", position: toSafeInteger(position) };
  if (kind === "sequence")
    return { kind, ...at, what: `The position sequence is at ${detail}, and the log reaches to ${position}: new events would get positions below it.` };
  const what = `${kind === "checkpoint" ? "The checkpoint of" : "The snapshot"} ${JSON.stringify(name)} holds event ${eventId} at position ${position}, where ${detail == null ? "no event is" : `event ${detail} is`}.`;
  return { kind: kind === "checkpoint" ? "checkpoint" : "snapshot", ...at, what, ...(detail != null && { id: detail }) };
}
