import { holds, type CheckedRun } from "../check/verdict.ts";
import type { RunRecord } from "../run/run.ts";
import { timeline } from "./plot.ts";
import { faultsByKind, shortfalls } from "./text.ts";

const style = `
body { font: 15px/1.5 system-ui, sans-serif; color: #1c2733; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; } td, th { padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top; }
td.n, th.n { text-align: right; } .holds { color: #0b6e4f; } .fails { color: #b3261e; font-weight: bold; } svg { max-width: 100%; height: auto; }
`;

/** The report as a page of its own. */
export function htmlReport(run: RunRecord, checked: CheckedRun): string {
  const { tally, verdicts } = checked;
  const { plan } = run;
  const red = verdicts.filter((verdict) => !holds(verdict));
  const short = shortfalls(run, checked);
  const row = (cells: readonly (string | number)[], tag: "td" | "th" = "td"): string =>
    `<tr>${cells.map((cell) => (typeof cell === "number" ? `<${tag} class="n">${cell.toLocaleString("en")}</${tag}>` : `<${tag}>${cell}</${tag}>`)).join("")}</tr>`;
  const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
    `<table>${row(head, "th")}${rows.map((cells) => row(cells)).join("\n")}</table>`;
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Torture run, seed ${plan.seed}</title><style>${style}</style>
<h1>Torture run of ${escape(run.startedAt.slice(0, 16).replace("T", " "))} UTC</h1>
<p class="${red.length === 0 ? "holds" : "fails"}">${red.length === 0 ? "No anomalies." : `Anomalies in ${red.map(({ id }) => id).join(", ")}.`} ${short.map((text) => `Too little: ${escape(text)}.`).join(" ")}</p>
<p>PostgreSQL ${plan.version}, seed <code>${plan.seed}</code>, ${run.tookSeconds} s, ${plan.workers} workers at a time in ${run.processes} processes, ${run.strikes.length} faults.
${tally.operations.toLocaleString("en")} operations; ${tally.acknowledgedEvents.toLocaleString("en")} events acknowledged; ${tally.log.toLocaleString("en")} in the log;
${tally.delivered.toLocaleString("en")} deliveries to followers. Of ${tally.unknownThere + tally.unknownAbsent} appends of unknown outcome ${tally.unknownThere} were written.</p>
${timeline(run, tally)}
<h2>Invariants</h2>
${table(
  ["", "", "", "looked at", "anomalies"],
  verdicts.map((verdict) => [
    verdict.id,
    `<span class="${holds(verdict) ? "holds" : "fails"}">${holds(verdict) ? "holds" : "fails"}</span>`,
    escape(verdict.title),
    verdict.checked,
    verdict.anomalies,
  ]),
)}
${red.map(({ id, examples }) => `<h3>${id}</h3><ul>${examples.map((example) => `<li>${escape(example)}</li>`).join("")}</ul>`).join("")}
<h2>Faults</h2>
${table(["fault", "times"], [...faultsByKind(run).map(([name, count]) => [escape(name), count]), ...run.missing.map(([name, reason]) => [escape(name), `not run: ${escape(reason)}`])])}
<h2>Operations</h2>
${table(
  ["operation", "ok", "failed", "unknown"],
  Object.entries(tally.outcomes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { ok, fail, unknown }]) => [escape(name), ok, fail, unknown]),
)}
<h2>How appends ended that were not acknowledged</h2>
${table(
  ["code", "times"],
  Object.entries(tally.codes)
    .sort(([, a], [, b]) => b - a)
    .map(([code, count]) => [escape(code), count]),
)}
</html>
`;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
