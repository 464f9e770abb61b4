import { ratioTo } from "../verdicts.ts";
import type { ComparisonReport, Report, ScenarioReport } from "./report.ts";

const head = ["", "", "events/s", "median", "p99", "ratio", "target", ""];

/** The whole report as Markdown: a table for each scenario. */
export function reportTables(report: Report): string {
  return report.scenarios.map(scenarioTable).join("\n\n");
}

export function scenarioTable({ number, title, about, comparisons }: ScenarioReport): string {
  const rows = [head, ...comparisons.flatMap(comparisonRows)];
  return `### ${number}. ${title}\n\n${about}\n\n${alignColumns(rows)}`;
}

function comparisonRows({ label, subject, contestants, verdicts }: ComparisonReport): string[][] {
  return contestants.map(({ name, eventsPerSecond, medianMs, p99Ms }, index) => {
    const verdict = verdicts.find(({ beside }) => beside === name);
    const ratio = verdict?.ratio ?? (name === subject ? undefined : ratioTo(name, subject, contestants));
    return [
      index === 0 ? label : "",
      name === subject ? `**${name}**` : name,
      Math.round(eventsPerSecond).toLocaleString("en"),
      milliseconds(medianMs),
      milliseconds(p99Ms),
      ratio === undefined ? "" : `${ratio.toFixed(2)}×`,
      verdict?.target ?? "",
      verdict ? (verdict.met ? "met" : "**missed**") : "",
    ];
  });
}

function milliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value.toFixed(value < 100 ? 1 : 0)} ms`;
}

/** Numbers to the right. The first row is the head. */
function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const isNumber = (column: number): boolean => column >= 2 && column <= 5;
  const lines = rows.map(
    (row) => `| ${row.map((cell, column) => (isNumber(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join(" | ")} |`,
  );
  const rule = `| ${widths.map((width, column) => (isNumber(column) ? `${"-".repeat(width - 1)}:` : "-".repeat(width))).join(" | ")} |`;
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}
