import { createReadStream, createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import type { Server } from "@tidemark/servers";
import { openEventStore, type EventStore } from "tidemark";
import { consume } from "../consume/consume.ts";
import { readEffects } from "../consume/read-effects.ts";
import { unfinishedErrands } from "../errands/read-errands.ts";
import { runErrandsToTheEnd } from "../errands/to-the-end.ts";
import { administer } from "../faults/fault.ts";
import { alteration } from "../history/content.ts";
import type { Consumed, FinalState, LogLine, TimersLeft } from "../history/final.ts";
import type { Auditor } from "../project/audit.ts";
import { bringUpToDate } from "../project/bring-up-to-date.ts";
import type { Operator } from "../project/operator.ts";
import { tallies } from "../project/projections.ts";
import { catalogueOf } from "../shapes/catalogues.ts";
import { readLogAsToday } from "../shapes/read-as-today.ts";
import { retryLetters } from "../shapes/retry-letters.ts";
import type { PublishTarget } from "../publish/broker.ts";
import { publishToTheEnd } from "../publish/to-the-end.ts";
import { resolvePrepared } from "./coordinator.ts";
import { earlyTimers } from "./early-timers.ts";
import type { Strike } from "./nemesis.ts";
import { sessionsAtWork } from "./sessions.ts";
import type { Farewell } from "./workers.ts";

export interface FinalOptions {
  readonly folder: string;
  readonly server: Server;
  readonly url: string;
  readonly schema: string;
  readonly farewells: readonly Farewell[];
  /** Consumers are let to the end, and what they did is read. */
  readonly consuming?: boolean;
  /** Looks once more when everything is at rest. */
  readonly auditor?: Auditor;
  /** Who built versions of projections meanwhile. */
  readonly operator?: Operator;
  /** Relays are let to the end, and what is at the broker is read. Or why they did not run. */
  readonly publishing?: { readonly to: PublishTarget; readonly strikes: readonly Strike[] } | { readonly notRun: string };
  /** Somebody set the server's clock. */
  readonly clockJumped?: boolean;
}

/**
 * Reads everything from zero with fresh clients, once from the tables and once through the library, and writes it down for
 * the checker. The table is what is true; whether readers were given it is judged by it.
 */
export async function writeFinalState({
  folder,
  server,
  url,
  schema,
  farewells,
  consuming = false,
  auditor,
  operator,
  publishing,
  clockJumped = false,
}: FinalOptions): Promise<void> {
  const name = pg.escapeIdentifier(schema);
  const projections = auditor ? tallies.map(({ projection }) => projection) : [];
  await using store = await openEventStore(url, { schema, projections, ...(consuming && catalogueOf("today")) });
  await resolvePrepared(url, 0);
  // First, as consumers get what it writes.
  const errands = consuming ? await runErrandsToTheEnd(store, url, schema) : undefined;
  const timers = consuming ? await fireToTheEnd(store, url, schema, clockJumped) : undefined;
  const consumed = consuming ? await consumeToTheEnd(store, url, schema) : undefined;
  const published = publishing && "to" in publishing ? await publishToTheEnd(store, publishing.to, publishing.strikes) : publishing;
  const behind = operator ? await bringUpToDate(url, schema) : undefined;
  await auditor?.audit(url);
  // Whoever was killed leaves backends that roll back in their own time; afterwards nothing may hold the mark.
  const left = await untilQuiet(url);
  const highWaterMark = await store.highWaterMark();
  const read: [position: number, id: string][] = [];
  const altered: [string, string][] = [];
  for await (const event of store.readAll({ after: 0, raw: true })) {
    read.push([event.position, event.id]);
    const found = alteration(event, "stored");
    if (found !== undefined) altered.push([event.id, found]);
  }
  await writeLog(join(folder, "log.jsonl"), url, name);
  const { events, problems } = await store.verify({ documents: 0 });
  const state: FinalState = {
    read: read.map(([position]) => position),
    altered,
    highWaterMark,
    blockers: (await store.blockers()).length,
    changes: await tryToChange(url, name),
    ...left,
    verified: { events, problems: problems.map(({ what }) => what) },
    ...(consumed && { consumed, decoded: await readLogAsToday(store, read) }),
    ...(timers && { timers }),
    ...(errands && { errands }),
    ...(published && { published }),
    ...(auditor && { projected: auditor.findings }),
    ...(auditor &&
      operator && {
        rebuilt: {
          ...auditor.rebuilt,
          ...operator.findings,
          wrong: [...(behind === undefined ? [] : [behind]), ...operator.findings.wrong, ...auditor.rebuilt.wrong],
        },
      }),
    migrations: await administer(url, async (client) =>
      (await client.query<{ id: number }>(`select version::int as id from ${name}.migrations order by version`)).rows.map(({ id }) => id),
    ),
    deadlocks: await deadlocksIn(join(server.folder, "log")),
    farewells,
  };
  await writeFile(join(folder, "final.json"), JSON.stringify(state));
}

/** A fresh worker takes what the dead ones left and handles the rest. */
async function consumeToTheEnd(store: EventStore, url: string, schema: string): Promise<Consumed> {
  const worker = await consume(store, "today", AbortSignal.timeout(60_000));
  const over = new AbortController();
  const stopped = await Promise.race([worker?.caughtUp(), standingStill(url, pg.escapeIdentifier(schema), over.signal)]).catch((error: unknown) =>
    String(error),
  );
  over.abort();
  await worker?.stop();
  const effects = await administer(url, (client) => readEffects(client, schema));
  const retried = await retryLetters(store, (work) => administer(url, work));
  return { ...effects, retried, ...(stopped !== undefined && { stopped }) };
}

/** A fresh worker fires what the dead ones left. A clock that was ahead left timers that are due later. */
async function fireToTheEnd(store: EventStore, url: string, schema: string, clockJumped: boolean): Promise<TimersLeft> {
  const worker = store.createWorker({ timers: true });
  await worker.start();
  let waiting = 0;
  for (const until = performance.now() + 90_000; performance.now() < until; await delay(100)) {
    ({ timers: waiting } = await administer(url, (client) => unfinishedErrands(client, schema)));
    if (waiting === 0) break;
  }
  await worker.stop();
  const early = await administer(url, (client) => earlyTimers(client, schema));
  return { waiting, clockJumped, early };
}

/**
 * A long run leaves much to handle. Resolves when nothing more was handled for a minute, nor put aside: behind poison in a stream of
 * thousands of events there are only letters for a while.
 */
async function standingStill(url: string, name: string, over: AbortSignal): Promise<string> {
  const done = `select (select count(*) from app.effects)::int + (select count(*) from ${name}.dead_letters)::int as n`;
  for (let before = -1; ;) {
    const handled = await administer(url, async (client) => (await client.query<{ n: number }>(done)).rows[0]?.n ?? 0);
    if (handled === before) return "It handled nothing and put nothing aside for a minute, and was not caught up.";
    before = handled;
    await delay(60_000, undefined, { signal: over });
  }
}

async function writeLog(file: string, url: string, name: string): Promise<void> {
  const out = createWriteStream(file);
  await administer(url, async (client) => {
    for (let after = 0; ;) {
      const { rows } = await client.query<{ position: string; id: string; stream: string; version: string }>(
        `select e.position, e.id, s.name as stream, e.version
           from ${name}.events as e
           join ${name}.streams as s on s.id = e.stream_id
          where e.position > $1
          order by e.position
          limit 20000`,
        [after],
      );
      for (const { position, id, stream, version } of rows) {
        const line: LogLine = [Number(position), id, stream, Number(version)];
        if (!out.write(`${JSON.stringify(line)}\n`)) await once(out, "drain");
      }
      const last = rows.at(-1);
      if (!last) return;
      after = Number(last.position);
    }
  });
  out.end();
  await once(out, "finish");
}

/** Sessions of workers, and advisory locks of anyone, which should be none; waits a while for the last to go. */
async function untilQuiet(url: string): Promise<{ sessions: readonly string[]; locks: readonly string[] }> {
  return administer(url, async (client) => {
    for (let waited = 0; ; waited++) {
      const sessions = await sessionsAtWork(client);
      const { rows } = await client.query<{ held: string }>(
        `select format('%s/%s %s of %s, which is %s: %s', l.classid, l.objid, l.mode, a.application_name, a.state, left(a.query, 200)) as held
           from pg_locks as l left join pg_stat_activity as a on a.pid = l.pid where l.locktype = 'advisory'`,
      );
      if ((sessions.length === 0 && rows.length === 0) || waited === 300) return { sessions, locks: rows.map(({ held }) => held) };
      await client.query("select pg_sleep(0.1)");
    }
  });
}

async function tryToChange(url: string, name: string): Promise<string[]> {
  const outcomes: string[] = [];
  for (const change of [`update ${name}.events set type = 'Forged'`, `delete from ${name}.events`, `truncate ${name}.events`]) {
    const outcome = await administer(url, (client) => client.query(change)).then(
      () => "done",
      (error: Error & { code?: string }) => error.code ?? error.message,
    );
    outcomes.push(outcome);
  }
  return outcomes;
}

/** Each as the server's log tells of it: the lines behind the message that are indented are its details. */
async function deadlocksIn(file: string): Promise<readonly string[]> {
  const found: string[][] = [];
  let told: string[] | undefined;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (line.includes("deadlock detected")) found.push((told = [line]));
    else if (told && /^\s|DETAIL:|CONTEXT:|STATEMENT:/.test(line) && told.length < 20) told.push(line);
    else if (!/HINT:/.test(line)) told = undefined;
  }
  return found.map((lines) => lines.map((line) => line.slice(0, 300)).join("\n"));
}
