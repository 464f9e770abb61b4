import { readFile, writeFile } from "node:fs/promises";
import { plot } from "./plot.ts";
import { type Report, versionsLine } from "./report.ts";
import { reportTables } from "./table.ts";

const page = new URL("../../../docs/benchmarks.md", import.meta.url);
const picture = new URL("../../../docs/benchmarks.svg", import.meta.url);

/** Where a report stands in the page, and the options of the run that writes it there. */
export interface Section {
  readonly name: string;
  readonly options: string;
}

/** All scenarios, or those that were chosen: they have a place of their own, or a part would take the place of the whole. */
export function sectionOf({
  growth,
  studio,
  mixed,
  scenarios,
}: {
  readonly growth?: unknown;
  readonly studio?: unknown;
  readonly mixed?: unknown;
  readonly scenarios?: readonly number[] | undefined;
}): Section {
  if (growth !== undefined) return { name: "growth", options: "--growth " };
  if (studio !== undefined) return { name: "studio", options: "--studio " };
  if (mixed !== undefined) return { name: "mixed", options: "--mixed " };
  if (scenarios === undefined) return { name: "results", options: "" };
  return { name: `scenarios ${scenarios.join()}`, options: `--scenario ${scenarios.join()} ` };
}

/** Replaces what stands between the two marks of a section in docs/benchmarks.md. */
export async function writeDocs(report: Report, { name, options }: Section): Promise<void> {
  const text = await readFile(page, "utf8");
  const begin = `<!-- ${name}: written by npm run bench -- ${options}--write-docs -->`;
  const end = `<!-- end of ${name} -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from === -1 || to < from) throw new Error(`docs/benchmarks.md has no lines ${begin} and ${end} in this order.`);
  const date = report.startedAt.slice(0, 10);
  const line = `${date}: ${versionsLine(report)}. ${report.rounds} rounds of ${report.secondsPerMeasurement} s.`;
  await writeFile(page, `${text.slice(0, from)}${begin}\n\n${line}\n\n${reportTables(report)}\n\n${text.slice(to)}`);
  if (name === "results") await writeFile(picture, plot(report));
}
