import { ratioTo } from "../verdicts.ts";
import type { ComparisonReport, Report, ScenarioReport } from "./report.ts";

const columns = 9;

/** The whole report as Markdown: a table for each scenario. */
export function reportTables(report: Report): string {
  return report.scenarios.map(scenarioTable).join("\n\n");
}

export function scenarioTable({ number, title, about, unit, comparisons }: ScenarioReport): string {
  const rows = [["", "", unit, "median", "p99", "p99.9", "ratio", "target", ""], ...comparisons.flatMap(comparisonRows)];
  return `### ${number}. ${title}\n\n${about}\n\n${alignColumns(rows)}`;
}

function comparisonRows({ label, subject, contestants, verdicts, notMeasured }: ComparisonReport): string[][] {
  if (notMeasured !== undefined) return [[label, `NOT measured: ${notMeasured}`, "", "", "", "", "", "", ""]];
  return contestants.map(({ name, eventsPerSecond, medianMs, p99Ms, p999Ms }, index) => {
    const beside = verdicts.filter((verdict) => verdict.beside === name);
    const ratio = beside.find((verdict) => verdict.ratio !== undefined)?.ratio ?? (name === subject ? undefined : ratioTo(name, subject, contestants));
    return [
      index === 0 ? label : "",
      name === subject ? `**${name}**` : name,
      eventsPerSecond.toLocaleString("en", eventsPerSecond < 10 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 0 }),
      milliseconds(medianMs),
      milliseconds(p99Ms),
      milliseconds(p999Ms),
      ratio === undefined ? "" : `${ratio.toFixed(2)}×`,
      beside.map(({ target }) => target).join(", "),
      beside.length === 0 ? "" : beside.every(({ met }) => met) ? "met" : "**missed**",
    ];
  });
}

function milliseconds(value: number): string {
  if (Number.isNaN(value)) return "";
  return `${value < 10 ? value.toFixed(2) : value.toFixed(value < 100 ? 1 : 0)} ms`;
}

/** Numbers to the right. The first row is the head. */
function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths = Array.from({ length: columns }, (_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const isNumber = (column: number): boolean => column >= 2 && column <= 6;
  const lines = rows.map(
    (row) => `| ${row.map((cell, column) => (isNumber(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join(" | ")} |`,
  );
  const rule = `| ${widths.map((width, column) => (isNumber(column) ? `${"-".repeat(width - 1)}:` : "-".repeat(width))).join(" | ")} |`;
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}
