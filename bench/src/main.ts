import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { type Databases, openDatabases } from "./databases.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { clearProgress, showProgress } from "./progress.ts";
import { sectionOf, writeDocs } from "./report/docs.ts";
import { plot } from "./report/plot.ts";
import { type ComparisonReport, type Report, type ScenarioReport, versionsLine } from "./report/report.ts";
import { scenarioTable } from "./report/table.ts";
import { versions } from "./report/versions.ts";
import { compare } from "./run.ts";
import type { Scenario } from "./scenario.ts";
import { growth } from "./scenarios/growth.ts";
import { mixedLoad } from "./scenarios/mixed.ts";
import { studioPages } from "./scenarios/studio-pages.ts";
import { scenarios } from "./scenarios.ts";
import { emmettVersion } from "./subjects/emmett.ts";
import { judge } from "./verdicts.ts";

async function runScenario(scenario: Scenario, databases: Databases, options: Options): Promise<ScenarioReport> {
  const { number, title, about, unit = "events/s" } = scenario;
  await using cleanup = new AsyncDisposableStack();
  const comparisons = await scenario.prepare({
    quick: options.quick,
    withPeers: emmettVersion() !== undefined,
    cleanup,
    async createDatabase() {
      const url = await databases.create();
      cleanup.defer(() => databases.drop(url));
      return url;
    },
    progress: (text) => showProgress(`${number}. ${title}: ${text}`),
  });
  const reports: ComparisonReport[] = [];
  for (const comparison of comparisons) {
    const { label, subject, targets, notMeasured } = comparison;
    const contestants = await compare(comparison, options, (text) => showProgress(`${number}. ${title}: ${label}: ${text}`));
    reports.push({ label, subject, contestants, verdicts: judge(subject, targets, contestants), ...(notMeasured !== undefined && { notMeasured }) });
  }
  return { number, title, about, unit, comparisons: reports };
}

async function run(options: Options): Promise<Report> {
  const started = new Date();
  await using databases = await openDatabases(options.url);
  const taking = { versions: await versions(databases.url) };
  console.log(`${versionsLine(taking)}\n${options.rounds} rounds of ${options.seconds} s, interleaved; medians.`);
  if (emmettVersion() === undefined) console.log("Emmett is left out: npm run bench:peers installs it.");
  const reports: ScenarioReport[] = [];
  for (const scenario of chosen(options)) {
    const report = await runScenario(scenario, databases, options);
    clearProgress();
    console.log(`\n${scenarioTable(report)}`);
    reports.push(report);
  }
  const tookSeconds = Math.round((Date.now() - started.getTime()) / 1_000);
  return {
    startedAt: started.toISOString(),
    tookSeconds,
    rounds: options.rounds,
    secondsPerMeasurement: options.seconds,
    quick: options.quick,
    ...taking,
    scenarios: reports,
  };
}

function chosen({ growth: events, studio, mixed: minutes, scenarios: numbers }: Options): readonly Scenario[] {
  const apart = [
    ...(events === undefined ? [] : [growth(events)]),
    ...(studio === undefined ? [] : [studioPages(studio)]),
    ...(minutes === undefined ? [] : [mixedLoad(minutes)]),
  ];
  return apart.length > 0 ? apart : scenarios.filter(({ number }) => numbers?.includes(number) ?? true);
}

async function save(report: Report, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(report, undefined, 2)}\n`);
  const picture = file.replace(/(\.json)?$/, ".svg");
  await writeFile(picture, plot(report));
  console.log(`\nTook ${report.tookSeconds} s. Wrote ${file} and ${picture}.`);
}

const options = readOptions(process.argv.slice(2));
if (options.help) {
  console.log(usage);
} else {
  const report = await run(options);
  const name = `${report.startedAt.replaceAll(":", "").slice(0, 17)}.json`;
  await save(report, options.json ?? fileURLToPath(new URL(`../results/${name}`, import.meta.url)));
  if (options.writeDocs) await writeDocs(report, sectionOf(options));
  const verdicts = report.scenarios.flatMap(({ comparisons }) => comparisons.flatMap((comparison) => comparison.verdicts));
  console.log(`${verdicts.filter(({ met }) => met).length} of ${verdicts.length} targets met.`);
}
