import type { Verdict } from "../check/invariant.ts";
import { holds, type CheckedRun } from "../check/verdict.ts";
import type { RunRecord } from "../run/run.ts";

/** How often each kind of fault struck, in the order of their names. */
export function faultsByKind({ strikes }: RunRecord): [name: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { name } of strikes) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Where the run did less than its plan, so that its silence proves less. */
export function shortfalls({ plan, strikes }: RunRecord, { tally }: CheckedRun): string[] {
  const short: string[] = [];
  if (strikes.length < plan.faults) short.push(`${strikes.length} faults struck; ${plan.faults} were planned`);
  if (tally.acknowledgedEvents < plan.events) short.push(`${tally.acknowledgedEvents} events were acknowledged; ${plan.events} were planned`);
  return short;
}

const number = (value: number): string => value.toLocaleString("en");

/** The report as it is printed. */
export function textReport(run: RunRecord, checked: CheckedRun): string {
  const { tally, verdicts } = checked;
  const lines = [
    `PostgreSQL ${run.plan.version}, seed ${run.plan.seed}, ${run.tookSeconds} s, ${run.processes} processes`,
    `${number(tally.operations)} operations, ${number(tally.acknowledgedEvents)} events acknowledged, ${number(tally.log)} in the log, ${number(tally.delivered)} delivered to followers`,
    `${run.strikes.length} faults; ${tally.unknownThere + tally.unknownAbsent} appends of unknown outcome (${tally.unknownThere} were there, ${tally.unknownAbsent} were not)`,
    ...(tally.published
      ? [
          `${number(tally.published.messages)} messages at the broker, ${number(tally.published.meanwhile)} of them published between faults; ${number(tally.published.again)} came again`,
        ]
      : []),
    "",
    ...faultsByKind(run).map(([name, count]) => `  ${`${count}`.padStart(5)}  ${name}`),
    ...run.missing.map(([name, reason]) => `  not run  ${name}: ${reason}`),
    "",
    ...Object.entries(tally.outcomes)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(
        ([name, { ok, fail, unknown }]) =>
          `  ${name.padEnd(40)} ${number(ok).padStart(9)} ok ${number(fail).padStart(7)} fail ${number(unknown).padStart(6)} unknown`,
      ),
    "",
    ...verdictLines(verdicts),
  ];
  return lines.join("\n");
}

/** A line for each, and what is wrong below. */
export function verdictLines(verdicts: readonly Verdict[]): readonly string[] {
  const lines = verdicts.map((verdict) => `  ${verdict.id.padEnd(4)} ${judgement(verdict)}`);
  for (const verdict of verdicts.filter((each) => !holds(each))) {
    lines.push("", `${verdict.id}: ${verdict.checked === 0 ? "nothing was there to be looked at" : `${verdict.anomalies} anomalies, the first of them:`}`);
    for (const example of verdict.examples) lines.push(`  - ${example}`);
  }
  return lines;
}

function judgement(verdict: Verdict): string {
  const { title, checked, notRun } = verdict;
  if (holds(verdict) && notRun !== undefined) return `not run  ${title}: ${notRun}`;
  return `${holds(verdict) ? "holds" : "FAILS"}  ${title} (${number(checked)} looked at)`;
}
