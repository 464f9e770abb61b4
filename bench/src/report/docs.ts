import { readFile, writeFile } from "node:fs/promises";
import { plot } from "./plot.ts";
import { type Report, versionsLine } from "./report.ts";
import { reportTables } from "./table.ts";

const page = new URL("../../../docs/benchmarks.md", import.meta.url);
const picture = new URL("../../../docs/benchmarks.svg", import.meta.url);
/** Where a report stands in the page. */
export type Section = "results" | "growth" | "mixed";

const begin: Readonly<Record<Section, string>> = {
  results: "<!-- results: written by npm run bench -- --write-docs -->",
  growth: "<!-- growth: written by npm run bench -- --growth --write-docs -->",
  mixed: "<!-- mixed: written by npm run bench -- --mixed --write-docs -->",
};

/** Replaces what stands between the two marks of a section in docs/benchmarks.md. */
export async function writeDocs(report: Report, section: Section): Promise<void> {
  const text = await readFile(page, "utf8");
  const end = `<!-- end of ${section} -->`;
  const from = text.indexOf(begin[section]);
  const to = text.indexOf(end);
  if (from === -1 || to < from) throw new Error(`docs/benchmarks.md has no lines ${begin[section]} and ${end} in this order.`);
  const date = report.startedAt.slice(0, 10);
  const line = `${date}: ${versionsLine(report)}. ${report.rounds} rounds of ${report.secondsPerMeasurement} s.`;
  await writeFile(page, `${text.slice(0, from)}${begin[section]}\n\n${line}\n\n${reportTables(report)}\n\n${text.slice(to)}`);
  if (section === "results") await writeFile(picture, plot(report));
}
