import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { startServer, type Server, type Version } from "@tidemark/servers";
import { randomFrom } from "../../random.ts";
import type { Chosen, CrashPoints } from "../found.ts";
import { breakAt, type Broken, record } from "./case.ts";
import { Databases } from "./databases.ts";
import { describePoint, type StatementPoint, type Way, waysAt } from "./points.ts";
import type { Scenario } from "./scenarios.ts";
import { watchWaits } from "./waits.ts";

/** Each has some stores in this process, whose delays count as those of its calls. */
const atOnce = 8;

/**
 * An append waits 200 ms at most for a swap: 100 until the gate is closed, and then for what the server does behind it. One of old code may also wait
 * for a row of the registry, 150 until a process that stands still is ended.
 */
const mostWaitMs = 200;
/** And so long a wait fails by the clock on the wall, whatever the machine was busy with. */
const mostWallMs = 2_000;

export interface RebuildPointsOptions extends Pick<Chosen, "messages" | "sample" | "share"> {
  readonly version: Version;
  readonly scenarios: readonly Scenario[];
  readonly progress: (text: string) => void;
}

/** What it checks. */
export const rebuiltWhole = { id: "S9", title: "Versions come to serve and leave whole, and disturb neither appends nor readers" } as const;

interface Case {
  readonly scenario: Scenario;
  readonly point: StatementPoint;
  readonly way: Way;
}

/** Builds, checks, swaps, rolls back and drops versions of a projection, in a process that breaks at each of its messages. */
export async function runRebuildPoints({ version, scenarios, progress, messages: named, sample, share }: RebuildPointsOptions): Promise<CrashPoints> {
  const settings = { fsync: "off", max_connections: 300, log_lock_waits: "on", deadlock_timeout: `${mostWallMs}ms`, log_line_prefix: "%a|" };
  await using server = await startServer({ version, settings });
  const place = { server, databases: new Databases(server) };
  const messages: [string, number][] = [];
  const all: Case[] = [];
  const wrong: string[] = [];
  for (const scenario of scenarios) {
    const recorded = await record(place, scenario);
    if (typeof recorded === "string") {
      wrong.push(`${scenario.name}, where nothing broke: ${recorded}`);
      continue;
    }
    const points = recorded.filter(({ name }) => named?.includes(name) ?? true);
    messages.push([scenario.name, points.length]);
    for (const point of points) for (const way of waysAt(point)) all.push({ scenario, point, way });
  }
  const shared = share ? all.filter((each) => shareOf(each, share.of) === share.index) : all;
  const chosen = sample ? randomFrom(sample.seed, "rebuild points").shuffle(shared).slice(0, sample.cases) : shared;
  const waiting = [...chosen];
  let [done, missed] = [0, 0];
  const work = async (): Promise<void> => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { scenario, point, way } = next;
      const {
        struck,
        wrong: found,
        looks,
      } = await breakAt(place, scenario, point, way).catch((error: unknown): Broken => ({ struck: true, looks: 1, wrong: [String(error)] }));
      if (!struck) missed++;
      const told = looks === 0 ? [...found, "no reader looked"] : found;
      wrong.push(...told.map((text) => `${scenario.name}, ${way} at ${describePoint(point)}: ${text}`));
      progress(`${++done} of ${chosen.length} points of rebuilding`);
    }
  };
  const { waits, end } = await watchWaits(server.url, mostWaitMs);
  try {
    await Promise.all(Array.from({ length: atOnce }, work));
  } finally {
    await end();
  }
  wrong.push(...waits.tooLong, ...(await waitsOf(server)));
  return { cases: chosen.length, all: all.length, messages, missed, slow: [], wrong: wrong.map((text) => ({ promise: rebuiltWhole.id, text })), folders: [] };
}

/** By what the case is: another run may record some messages more or less. */
function shareOf({ scenario, point, way }: Case, of: number): number {
  const hash = createHash("sha256")
    .update(`${scenario.name}, ${way} at ${describePoint(point)}`)
    .digest();
  return 1 + (hash.readUInt32BE() % of);
}

/** Appends and readers that waited for too long for a lock, by the server's log. What processes do besides, as opening, may wait. */
async function waitsOf({ folder }: Server): Promise<readonly string[]> {
  const log = await readFile(join(folder, "log"), "utf8");
  // An entry with its details, which end with the statement.
  const entries = log.split(/^(?=[^|\n]*\|(?:LOG|ERROR|FATAL|WARNING):)/m).filter((entry) => entry.includes("still waiting for"));
  return entries.filter((entry) => entry.startsWith("auditor|") || /^appender\|STATEMENT:[^]*(?:append|documents)/m.test(entry));
}
