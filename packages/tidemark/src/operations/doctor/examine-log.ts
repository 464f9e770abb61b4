import type { Queryable, Statement } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import type { Blocker } from "../../feed/blockers.ts";
import { quoteLiteral } from "../../schema/render.ts";
import { type DoctorFinding, finding } from "./finding.ts";
import type { DoctorThresholds } from "./thresholds.ts";

/** Who holds the mark back, and whether the sequence is as it must be. */
export async function examineLog(
  queryable: Queryable,
  schema: string,
  blockers: readonly Blocker[],
  thresholds: DoctorThresholds,
): Promise<readonly DoctorFinding[]> {
  const sequence = `${quoteIdentifier(schema)}.events_position_seq`;
  const [row] = await queryable.query(sequenceStatement(schema), []);
  const { increment, cache, cycle, log, drawn, recovery } = row ?? {};
  const altered = increment !== "1" || cache !== "1" || cycle === "true";
  return [
    ...blockers.filter(({ heldForMs }) => heldForMs >= thresholds.markHeldMs).map(heldBy),
    ...(row && altered
      ? [
          finding(
            "sequence-changed",
            `${sequence} has increment ${increment}, cache ${cache}, ${cycle === "true" ? "cycle" : "no cycle"}.`,
            `alter sequence ${sequence} increment by 1 cache 1 no cycle;`,
          ),
        ]
      : []),
    ...(recovery === "false" && Number(log ?? 0) > Number(drawn ?? 0)
      ? [
          finding(
            "sequence-behind",
            `${sequence} is at ${drawn}, and the log reaches to ${log}.`,
            `select pg_catalog.setval(${quoteLiteral(sequence)}, ${log});`,
          ),
        ]
      : []),
  ];
}

function heldBy({ pid, transaction, applicationName, query, heldForMs, events }: Blocker): DoctorFinding {
  const since = `for ${Math.round(heldForMs / 1_000)} s`;
  const waiting = events === 1 ? "1 committed event waits" : `${events} committed events wait`;
  if (pid === null)
    return finding(
      "mark-held",
      `The prepared transaction ${JSON.stringify(transaction)} appended and has been open ${since}; ${waiting} behind it.`,
      `commit prepared ${quoteLiteral(transaction ?? "")}; or: rollback prepared ${quoteLiteral(transaction ?? "")};`,
    );
  const by = applicationName === "" ? "" : ` (${applicationName})`;
  return finding(
    "mark-held",
    `Backend ${pid}${by} appended in a transaction that has been open ${since}; ${waiting} behind it. Its last statement: ${query.slice(0, 200)}`,
    `Let its program commit, or end it: select pg_catalog.pg_terminate_backend(${pid});`,
  );
}

function sequenceStatement(schema: string): Statement {
  const quoted = quoteIdentifier(schema);
  const name = quoteLiteral(`${quoted}.events_position_seq`);
  return {
    name: "tidemark_sequence",
    unprepared: true,
    text: `
select s.seqincrement::text as increment, s.seqcache::text as cache, s.seqcycle::text as cycle,
       greatest((select pg_catalog.max(e.position) from ${quoted}.events as e), (select pg_catalog.max(o.position) from ${quoted}.outbox as o))::text as log,
       coalesce(pg_catalog.pg_sequence_last_value(s.seqrelid::pg_catalog.regclass), 0)::text as drawn,
       pg_catalog.pg_is_in_recovery()::text as recovery
  from pg_catalog.pg_sequence as s
 where s.seqrelid = pg_catalog.to_regclass(${name})`,
  };
}
