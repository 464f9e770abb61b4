import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { startServer, type Version } from "@tidemark/servers";
import { openEventStore } from "tidemark";
import { administer } from "../faults/fault.ts";
import { writeFinalState } from "../run/final-phase.ts";
import { administerCalls } from "./administer-calls.ts";
import { appendCalls } from "./append-calls.ts";
import type { Call } from "./call.ts";
import { breaks, type Break, type Point } from "./points.ts";
import { commandCalls } from "./command-calls.ts";
import { consumeCalls, handledTable } from "./consume-calls.ts";
import { decideCalls } from "./decide-calls.ts";
import type { Chosen, CrashPoints, Wrong } from "./found.ts";
import { followCalls } from "./follow-calls.ts";
import { importCalls } from "./import-calls.ts";
import { openCalls } from "./open-calls.ts";
import { followedCalls, inlineCalls, inlineProjection } from "./project-calls.ts";
import { timerCalls } from "./timer-calls.ts";
import { readCalls } from "./read-calls.ts";
import { runRebuildPoints } from "./rebuild/run.ts";
import { scenarios } from "./rebuild/scenarios.ts";
import { record, replay, type Place } from "./replay.ts";

export const calls: readonly Call[] = [
  ...appendCalls,
  ...decideCalls,
  ...commandCalls,
  ...readCalls,
  ...openCalls,
  ...followCalls,
  ...consumeCalls,
  ...administerCalls,
  ...followedCalls,
  ...importCalls,
  ...timerCalls,
];

/** Of the calls that know an inline projection: an append that does not would leave it behind. */
const inlineSchema = "crash points, inline";

/** Many of them wait for answers that never come. */
const atOnce = 16;
const mostMs = 30_000;

interface Case {
  readonly number: number;
  readonly call: Call;
  readonly point: Point;
  readonly how: Break;
}

/** Every call, broken at each of its messages in every way. Leaves histories and the final states in folders within `folder`. */
export async function runCrashPoints(folder: string, version: Version, progress: (text: string) => void, chosen: Chosen = {}): Promise<CrashPoints> {
  const { call: only, messages } = chosen;
  const wanted = ({ name }: { readonly name: string }): boolean => only === undefined || name === only;
  const isOfRebuilding = only === "rebuilding";
  const stages = [
    { schema: "crash points", calls: calls.filter(wanted) },
    { schema: inlineSchema, calls: inlineCalls.filter(wanted) },
  ].filter((stage) => stage.calls.length > 0);
  const rebuilding = isOfRebuilding ? scenarios : scenarios.filter(wanted);
  if (stages.length + rebuilding.length === 0) {
    const names = [...calls, ...inlineCalls, ...scenarios].map(({ name }) => name);
    throw new TypeError(`There is no call ${JSON.stringify(only)}; there are: ${names.join("; ")}.`);
  }
  const done = stages.length === 0 ? [] : await runStages(folder, version, stages, messages, progress);
  if (rebuilding.length > 0) done.push(await runRebuildPoints({ ...chosen, version, progress, scenarios: rebuilding }));
  return {
    cases: done.reduce((sum, { cases }) => sum + cases, 0),
    all: done.reduce((sum, { all }) => sum + all, 0),
    messages: done.flatMap(({ messages }) => messages),
    missed: done.reduce((sum, { missed }) => sum + missed, 0),
    slow: done.flatMap(({ slow }) => slow),
    wrong: done.flatMap(({ wrong }) => wrong),
    folders: done.flatMap(({ folders }) => folders),
  };
}

interface Schema {
  readonly schema: string;
  readonly calls: readonly Call[];
}

async function runStages(
  folder: string,
  version: Version,
  stages: readonly Schema[],
  messages: readonly string[] | undefined,
  progress: (text: string) => void,
): Promise<CrashPoints[]> {
  await using server = await startServer({ version, settings: { fsync: "off", max_connections: 200 } });
  const url = await server.createDatabase("points");
  await administer(url, (client) => client.query(handledTable));
  const done: CrashPoints[] = [];
  for (const { schema, calls: chosen } of stages) {
    const place: Place = { server, url, schema, folder: join(folder, schema) };
    await mkdir(place.folder, { recursive: true });
    done.push(await runCalls(place, { calls: chosen, messages }, progress));
  }
  return done;
}

interface Stage extends Chosen {
  readonly calls: readonly Call[];
}

async function runCalls(place: Place, { calls: chosen, messages: named }: Stage, progress: (text: string) => void): Promise<CrashPoints> {
  const { folder, server, url, schema } = place;
  await (await openEventStore(url, { schema, projections: schema === inlineSchema ? [inlineProjection] : [] })).close();

  const cases: Case[] = [];
  const messages: [string, number][] = [];
  let number = 1;
  for (const call of chosen) {
    const points = (await record(place, call, number++)).filter(({ name }) => named?.includes(name) ?? true);
    messages.push([call.name, points.length]);
    for (const point of points) for (const how of breaks) cases.push({ number: number++, call, point, how });
  }

  const waiting = [...cases];
  const slow: string[] = [];
  const wrong: Wrong[] = [];
  let [done, missed] = [0, 0];
  const work = async (): Promise<void> => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { call, point, how } = next;
      const { struck, tookMs, wrong: found } = await replay(place, call, point, how, next.number);
      if (!struck) missed++;
      if (tookMs > mostMs) slow.push(`${describe(next)} took ${tookMs} ms`);
      if (found !== undefined) wrong.push({ promise: call.promise ?? "C1", text: `${describe(next)}: ${found}` });
      progress(`${++done} of ${cases.length} crash points`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  await writeFinalState({ folder, server, url, schema, farewells: [{ worker: 0, incarnation: 0, tookMs: 0, code: 0 }] });
  return { cases: cases.length, all: cases.length, messages, missed, slow, wrong, folders: [folder] };
}

function describe({ number, call, point, how }: Case): string {
  return `case-${number}: ${call.name}, ${how} at ${point.side} ${point.name} ${point.ordinal}`;
}
