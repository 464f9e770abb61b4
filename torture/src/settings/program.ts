import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { startServer, type Server, type Version } from "@tidemark/servers";
import type { Verdict } from "../check/invariant.ts";
import { administer } from "../faults/fault.ts";
import { createProgress } from "../progress.ts";
import { keepReport } from "../report/keep.ts";
import { coveringRows, type Row } from "./covering.ts";
import { runScript } from "./script.ts";
import { idleSessionMs, type Setting, settings } from "./settings.ts";
import type { Answers } from "./step.ts";

/** Both cores of a small machine, and the server waits in between. */
const atOnce = 3;

/** Where a row is set: for the role, or for the database. */
type Level = "role" | "database";

interface Case {
  readonly row: Row;
  readonly level: Level;
  readonly refuses: readonly string[];
}

export interface Matrix {
  readonly cases: number;
  /** Settings that this server does not take, such as a language that is not installed. */
  readonly untaken: readonly string[];
  /** What was not as without the settings. */
  readonly wrong: readonly string[];
}

/** Which cases. */
export interface Chosen {
  /** Names of settings; undefined: all. */
  readonly only: readonly string[] | undefined;
  /** Each value alone, without those that slow every statement down. */
  readonly short: boolean;
}

/** The cases: each value alone, for a role and for a database in turn; then each pair of those that refuse nothing and slow nothing down. */
function casesOf(possible: readonly Setting[], short: boolean): readonly Case[] {
  const levelOf = (index: number): Level => (index % 2 === 0 ? "role" : "database");
  const alone = possible.flatMap(({ name, values, refuses = [] }) => values.map((value) => ({ row: new Map([[name, value]]), refuses })));
  const rows = short ? [] : coveringRows(possible.filter(({ refuses, slows }) => refuses === undefined && slows !== true)).map((row) => ({ row, refuses: [] }));
  return [...alone, ...rows].map((one, index) => ({ ...one, level: levelOf(index) }));
}

/** Runs the script under settings of every kind, and compares what it answers with what it answers without them. */
export async function runMatrix(version: Version, { only, short }: Chosen, progress: (text: string) => void): Promise<Matrix> {
  await using server = await startServer({ version, settings: { fsync: "off", max_connections: 200, max_prepared_transactions: 10 } });
  await administer(server.url, async (client) => {
    await client.query("create role owners nologin");
    await client.query("set allow_in_place_tablespaces = on");
    await client.query("create tablespace elsewhere location ''");
    await client.query("grant create on tablespace elsewhere to public");
  });
  const offered = settings.filter(
    ({ name, since = 0, until = 99, slows = false }) => since <= version && version <= until && (only?.includes(name) ?? true) && !(short && slows),
  );
  const untaken: string[] = [];
  const possible: Setting[] = [];
  for (const setting of offered) {
    const values: string[] = [];
    for (const value of setting.values) {
      if (await isTaken(server, setting.name, value)) values.push(value);
      else untaken.push(`${setting.name} = ${value}`);
    }
    if (values.length > 0) possible.push({ ...setting, values });
  }
  const wanted = await underSettings(server, { row: new Map(), level: "role", refuses: [] });
  const cases = casesOf(possible, short);
  const wrong = [...brokenIn(wanted)];
  for (const text of wrong) console.log(`✗ ${text}`);
  const waiting = [...cases];
  let done = 0;
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const answers = await underSettings(server, next);
      for (const text of differences(wanted, answers, next)) {
        wrong.push(text);
        console.log(`✗ ${text}`);
      }
      progress(`${++done} of ${cases.length} settings`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return { cases: cases.length, untaken, wrong };
}

const show = (row: Row): string => [...row].map(([name, value]) => `${name} = ${value}`).join("; ");

/** A setting that a session refuses at its start is only warned of, and tested nothing. */
async function isTaken(server: Server, name: string, value: string): Promise<boolean> {
  return administer(server.url, (client) => client.query(`set ${name} = ${value}`)).then(
    () => true,
    () => false,
  );
}

let databases = 0;

/** A database and a role of its own, with the settings; then the script as that role. */
async function underSettings(server: Server, { row, level }: Case): Promise<Answers> {
  const name = `case_${++databases}`;
  const url = await server.createDatabase(name);
  // First, for a setting may keep everybody from it.
  await administer(url, (client) => client.query("create schema shadow; create table shadow.events (x int); grant all on schema shadow, public to owners"));
  await administer(server.url, async (client) => {
    await client.query(`create role ${name} login password 'secret' in role owners`);
    await client.query(`alter database ${name} owner to owners`);
    for (const [setting, value] of row) await client.query(`alter ${level} ${name} set ${setting} = ${value}`);
  });
  const own = new URL(url);
  own.username = name;
  own.password = "secret";
  try {
    return await runScript(own.href, row.has("idle_session_timeout") ? 2 * idleSessionMs : 0);
  } finally {
    await administer(server.url, (client) => client.query(`drop database ${pg.escapeIdentifier(name)} with (force)`));
  }
}

function* brokenIn(answers: Answers): Generator<string> {
  for (const [step, answer] of answers) if (!("answer" in answer)) yield `without settings: ${step}: ${JSON.stringify(answer)}`;
}

function* differences(wanted: Answers, answers: Answers, { row, level, refuses }: Case): Generator<string> {
  for (const [step, answer] of answers) {
    if ("refused" in answer && refuses.some((code) => answer.refused.includes(code))) return;
    const want = JSON.stringify(wanted.get(step));
    if (JSON.stringify(answer) === want) continue;
    yield `${level} with ${show(row)}: ${step}: ${excerpt(JSON.stringify(answer), want)}`;
    return;
  }
}

/** Where two texts part. */
function excerpt(found: string, wanted: string): string {
  let at = 0;
  while (at < found.length && found[at] === wanted[at]) at++;
  const from = Math.max(0, at - 40);
  return `…${found.slice(from, at + 400)}… instead of …${wanted.slice(from, at + 100)}…`;
}

export interface SettingsOptions extends Chosen {
  readonly folder: string;
  readonly version: Version;
  /** Where a report is kept. */
  readonly report: string | undefined;
}

/** Runs the matrix, prints what came of it, and writes the verdict. Returns whether all is well. */
export async function settingsMatrix({ folder, version, report, ...chosen }: SettingsOptions): Promise<boolean> {
  const startedAt = performance.now();
  const { cases, untaken, wrong } = await runMatrix(version, chosen, createProgress());
  const verdict: Verdict = {
    id: "G1",
    title: "Settings of a role or a database change no result",
    checked: cases,
    anomalies: wrong.length,
    examples: wrong.slice(0, 20),
  };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "verdict.json"), JSON.stringify({ verdicts: [verdict] }));
  const lines = [
    ...(untaken.length > 0 ? [`Not taken by this server: ${untaken.join(", ")}.`] : []),
    `PostgreSQL ${version}: ${cases} settings in ${Math.round((performance.now() - startedAt) / 1_000)} s; ${wrong.length} ANOMALIES.`,
  ];
  for (const line of lines) console.log(line);
  await keepReport(report, { title: `Settings of a role or a database on PostgreSQL ${version}`, lines: [...wrong, ...lines] });
  console.log(`${cases - wrong.length} passed, ${wrong.length} failed`);
  return wrong.length === 0;
}
