import type { Queryable } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { toGoOn, toListLetters, toResume } from "../follower-commands.ts";
import type { FollowerState } from "../follower-states.ts";
import { type DoctorFinding, finding } from "./finding.ts";
import type { DoctorThresholds } from "./thresholds.ts";

/** What is wrong with consumers, projections, processes and relays. */
export function examineFollowers(states: readonly FollowerState[], { behindMs }: DoctorThresholds): readonly DoctorFinding[] {
  return states.flatMap((state) => {
    const { kind, name, lagEvents, lagMs, deadLetters, forked, error, paused } = state;
    const who = `The ${kind} ${JSON.stringify(name)}${state.version === null ? "" : ` (version ${state.version})`}${state.tenant === "" ? "" : ` of tenant ${JSON.stringify(state.tenant)}`}`;
    const findings: DoctorFinding[] = [];
    const behind = `${lagEvents === 1 ? "1 event" : `${lagEvents} events`} behind, since ${Math.round(lagMs / 1_000)} s`;
    if (forked > 0)
      findings.push(
        finding(
          "history-forked",
          `${who} has read an event at position ${state.position} that is not there any more.`,
          `See docs/runbooks/failover.md; then ${toGoOn(state)}`,
        ),
      );
    if (state.state === "failed")
      findings.push(
        finding("consumer-stopped", `${who} stopped at an event: ${error ?? "its worker's log says why"}.`, `Mend the cause, then ${toResume(state)}`),
      );
    else if (state.state === "stopped" && !paused && lagEvents > 0 && lagMs >= behindMs)
      findings.push(finding("worker-missing", `${who} is run by no worker, and ${behind}.`, "Start its worker: tidemark worker <module>"));
    else if (!paused && lagMs >= behindMs)
      findings.push(
        finding(
          "consumer-behind",
          `${who} is ${behind}${error === null ? "" : `; its last error: ${error}`}.`,
          "Give it more shards and workers, larger batches, or a faster handler. tidemark metrics tells its pace.",
        ),
      );
    if (deadLetters > 0)
      findings.push(
        finding(
          "dead-letters",
          `${who} has ${deadLetters > 10_000 ? "more than 10,000" : deadLetters} dead ${deadLetters === 1 ? "letter" : "letters"}.`,
          `Run: ${toListLetters(state)}; then retry or discard them.`,
        ),
      );
    return findings;
  });
}

/** Leases that end later than any can: the database's clock was set back. */
export async function examineLeases(queryable: Queryable, schema: string, { leaseMs }: DoctorThresholds): Promise<readonly DoctorFinding[]> {
  const quoted = quoteIdentifier(schema);
  const text = `
select s.consumer, s.shard::text as shard, coalesce(l.owner, '') as owner, l.id::text as id,
       pg_catalog.round(extract(epoch from l.lease_end - pg_catalog.clock_timestamp()))::text as seconds
  from ${quoted}.consumer_leases as l
  join ${quoted}.consumer_shards as s on s.id = l.id
 where l.lease_end > pg_catalog.clock_timestamp() + $1::bigint * interval '1 millisecond' and l.lease_end < 'infinity'
 order by s.consumer, s.shard`;
  const rows = await queryable.query({ name: "tidemark_stuck_leases", text, unprepared: true }, [leaseMs]);
  return rows.map(({ consumer, shard, owner, id, seconds }) =>
    finding(
      "lease-stuck",
      `The lease of shard ${shard} of ${JSON.stringify((consumer ?? "").replaceAll("\u001d", " "))} ends in ${seconds} s, longer than any lease is; its owner is ${JSON.stringify(owner)}.`,
      `Stop its worker, then: update ${quoted}.consumer_leases set lease_end = '-infinity' where id = ${id};`,
    ),
  );
}
