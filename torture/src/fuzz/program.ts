import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Version } from "@tidemark/servers";
import type { Verdict } from "../check/invariant.ts";
import { createProgress } from "../progress.ts";
import { keepReport } from "../report/keep.ts";
import { createActor } from "./actor.ts";
import type { Actor, Call } from "./call.ts";
import { appendCalls } from "./calls/appends.ts";
import { commandCalls } from "./calls/commands.ts";
import { documentCalls } from "./calls/documents.ts";
import { hostileCalls } from "./calls/hostile.ts";
import { importCalls } from "./calls/imports.ts";
import { ownTransactionCalls } from "./calls/own-transactions.ts";
import { readCalls } from "./calls/reads.ts";
import { repositoryCalls } from "./calls/repositories.ts";
import { fireAll, timerCalls } from "./calls/timers.ts";
import { transactionCalls } from "./calls/transactions.ts";
import { differences } from "./differences.ts";
import { wrongError } from "./errors.ts";
import { openEmbedded, startTarget, type Target } from "./target.ts";

/** The embedded database runs in this process, and takes the time that the others' calls need. */
const callers = { server: 4, embedded: 2 } as const;
/** Longer than any call of a healthy store on a loaded machine: what takes longer hangs. */
const hangMs = 60_000;
/** More tells nothing new. */
const mostWrong = 20;
const calls: readonly Call[] = [
  ...appendCalls,
  ...readCalls,
  ...documentCalls,
  ...transactionCalls,
  ...ownTransactionCalls,
  ...commandCalls,
  ...repositoryCalls,
  ...importCalls,
  ...timerCalls,
  ...hostileCalls,
];

/** What the program looks for, as an invariant of a run. */
export const asTheModel = { id: "F1", title: "Every call comes to what the model of its caller says" } as const;

export interface FuzzOptions {
  /** Where the verdict goes. */
  readonly folder: string;
  readonly version: Version;
  readonly seed: number;
  readonly seconds: number;
  /** Ends after so many, if the seconds are not over before. Undefined: the seconds alone end it. */
  readonly calls: number | undefined;
  /** Only calls whose name contains one of these. */
  readonly only: readonly string[] | undefined;
  /** Where a report is kept. */
  readonly report: string | undefined;
}

/** Callers who use the whole API at random, each beside a model that says what has to come of it. Returns whether all is well. */
export async function fuzz({ folder, version, seed, seconds, calls: most = Number.POSITIVE_INFINITY, only, report }: FuzzOptions): Promise<boolean> {
  const [first, ...others] = calls.filter(({ name }) => only?.some((part) => name.includes(part)) ?? true);
  if (first === undefined) throw new TypeError(`There is no such call; there are: ${[...new Set(calls.map(({ name }) => name))].join("; ")}.`);
  await using server = await startTarget(version);
  await using embedded = await openEmbedded();
  const targets = [...Array<Target>(callers.server).fill(server), ...Array<Target>(callers.embedded).fill(embedded)];
  const told: string[] = [];
  const tell = (text: string): void => {
    told.push(text);
    console.log(text);
  };
  tell(`Seed ${seed}, ${seconds} s: ${callers.server} callers on ${server.name}, ${callers.embedded} on ${embedded.name}.`);
  const workers = [server, embedded].map(({ store }) => store.createWorker());
  await Promise.all(workers.map((worker) => worker.start()));
  const progress = createProgress();
  const counts = new Map<string, Map<string, number>>();
  const wrong: string[] = [];
  const deadline = performance.now() + seconds * 1_000;
  let made = 0;
  const all = targets.map((target, index) => createActor(target, { seed, index, of: targets.length, made: () => made }));

  await Promise.all(
    all.map(async (actor) => {
      while (performance.now() < deadline && made < most && wrong.length < mostWrong) {
        const call = actor.random.pick([first, ...others]);
        const found = await bounded(call, actor);
        made++;
        const count = counts.get(call.name) ?? new Map<string, number>();
        counts.set(call.name, count.set(actor.target.name, (count.get(actor.target.name) ?? 0) + 1));
        if (found !== undefined) wrong.push(`${actor.name} ${call.name}: ${found}`);
        progress(`${made} calls`);
      }
    }),
  );
  wrong.push(...(await fireAll(all)));
  await Promise.all(workers.map((worker) => worker.caughtUp()));
  await Promise.all(workers.map((worker) => worker.stop()));
  for (const target of [server, embedded]) {
    const own = all.filter((actor) => actor.target === target);
    wrong.push(...(await differences(target, own)));
  }

  tell(`${server.name.padStart(14)}${embedded.name.padStart(10)}`);
  for (const [name, count] of [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    tell(`${`${count.get(server.name) ?? 0}`.padStart(14)}${`${count.get(embedded.name) ?? 0}`.padStart(10)}  ${name}`);
  for (const text of wrong) tell(`        ANOMALY: ${text}`);
  const failed = new Set(wrong.map((text) => text.split(":")[0]?.split(" ").slice(1).join(" "))).size;
  tell(`${made} calls; ${wrong.length === 0 ? "no anomalies" : `${wrong.length} ANOMALIES`}.`);
  console.log(`The same calls again: npm run torture -- fuzz --seed ${seed} --seconds ${seconds}${most < Number.POSITIVE_INFINITY ? ` --calls ${most}` : ""}`);
  console.log(`${Math.max(counts.size - failed, 0)} passed, ${failed} failed`);
  const verdict: Verdict = { ...asTheModel, checked: made, anomalies: wrong.length, examples: wrong };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "verdict.json"), JSON.stringify({ verdicts: [verdict] }));
  await keepReport(report, { title: "Calls at random, beside a model", lines: told });
  return wrong.length === 0;
}

async function bounded(call: Call, actor: Actor): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const hang = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`has not ended after ${hangMs / 1_000} s`), hangMs);
  });
  const running = call.run(actor).catch((error: unknown) => `rejected with ${wrongError(error) ?? String(error)}`);
  try {
    return await Promise.race([running, hang]);
  } finally {
    clearTimeout(timer);
  }
}
