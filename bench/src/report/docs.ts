import { readFile, writeFile } from "node:fs/promises";
import { plot } from "./plot.ts";
import { type Report, versionsLine } from "./report.ts";
import { reportTables } from "./table.ts";

const page = new URL("../../../docs/benchmarks.md", import.meta.url);
const picture = new URL("../../../docs/benchmarks.svg", import.meta.url);
const begin = "<!-- results: written by npm run bench -- --write-docs -->";
const end = "<!-- end of results -->";

/** Replaces what stands between the two marks in docs/benchmarks.md. */
export async function writeDocs(report: Report): Promise<void> {
  const text = await readFile(page, "utf8");
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from === -1 || to < from) throw new Error(`docs/benchmarks.md has no lines ${begin} and ${end} in this order.`);
  const date = report.startedAt.slice(0, 10);
  const line = `${date}: ${versionsLine(report)}. ${report.rounds} rounds of ${report.secondsPerMeasurement} s.`;
  await writeFile(page, `${text.slice(0, from)}${begin}\n\n${line}\n\n${reportTables(report)}\n\n${text.slice(to)}`);
  await writeFile(picture, plot(report));
}
