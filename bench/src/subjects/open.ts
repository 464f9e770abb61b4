import type { Contestant, Setting } from "../scenario.ts";
import { callInLoops, type Call } from "../sample.ts";
import { type CopyTables, openCopyTables } from "./copy.ts";
import { openEmmett } from "./emmett.ts";
import { openPlainSql } from "./plain-sql.ts";
import type { Subject } from "./subject.ts";
import { tally } from "./tally.ts";
import { openTidemark } from "./tidemark.ts";
import { openTracedByHand } from "./traced-by-hand.ts";
import { openTraced } from "./traced.ts";

/** Everything that is compared with everything. */
const compared = {
  "plain SQL": openPlainSql,
  Tidemark: (url) => openTidemark(url),
  Emmett: openEmmett,
} satisfies Readonly<Record<string, (url: string) => Promise<Subject>>>;

/** What a process of its own can open. */
export const openers: Readonly<Record<string, (url: string) => Promise<Subject>>> = {
  ...compared,
  "Tidemark, inline": (url) => openTidemark(url, { projections: [tally("inline")] }),
  "Tidemark, SDK by hand": (url) => openTracedByHand(url, { keepsTrace: false }),
  "Tidemark, inline, SDK by hand": (url) => openTracedByHand(url, { options: { projections: [tally("inline")] }, keepsTrace: false }),
  "Tidemark, SDK by hand, trace kept": (url) => openTracedByHand(url, { keepsTrace: true }),
  "Tidemark, inline, SDK by hand, trace kept": (url) => openTracedByHand(url, { options: { projections: [tally("inline")] }, keepsTrace: true }),
  "Tidemark, OpenTelemetry": (url) => openTraced(url),
  "Tidemark, inline, OpenTelemetry": (url) => openTraced(url, { projections: [tally("inline")] }),
};

/** The names of those that can run here. */
export function subjectNames({ withPeers }: Setting): readonly string[] {
  return Object.keys(compared).filter((name) => withPeers || name !== "Emmett");
}

/** Opens something on a new database, to be closed after the scenario. */
export async function openOnNewDatabase<T extends { close(): Promise<void> }>(setting: Setting, open: (url: string) => Promise<T>): Promise<T> {
  const opened = await open(await setting.createDatabase());
  setting.cleanup.defer(() => opened.close());
  return opened;
}

export async function openSubjects(setting: Setting): Promise<readonly Subject[]> {
  const subjects: Subject[] = [];
  for (const name of subjectNames(setting)) {
    const open = openers[name];
    if (open) subjects.push(await openOnNewDatabase(setting, open));
  }
  return subjects;
}

export function openCopy(setting: Setting): Promise<CopyTables> {
  return openOnNewDatabase(setting, openCopyTables);
}

export function contestant(name: string, callers: number, call: Call): Contestant {
  return { name, measure: (seconds) => callInLoops(callers, seconds, call) };
}
