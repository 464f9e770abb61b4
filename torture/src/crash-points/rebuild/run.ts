import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { startServer, type Server, type Version } from "@tidemark/servers";
import { randomFrom } from "../../random.ts";
import type { Chosen, CrashPoints } from "../found.ts";
import { breakAt, type Broken, record } from "./case.ts";
import { Databases } from "./databases.ts";
import { describePoint, type StatementPoint, type Way, waysAt } from "./points.ts";
import type { Scenario } from "./scenarios.ts";

/** Each has some stores in this process, whose delays count as those of its calls. */
const atOnce = 8;

/**
 * An append waits 200 ms at most for a swap, by time-outs of the server's, which a busy machine heeds late. What this finds are waits that nothing
 * bounds: for a process that stands still, or for a reader.
 */
const mostWaitMs = 2_000;

export interface RebuildPointsOptions extends Pick<Chosen, "messages" | "sample"> {
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
export async function runRebuildPoints({ version, scenarios, progress, messages: named, sample }: RebuildPointsOptions): Promise<CrashPoints> {
  const settings = { fsync: "off", max_connections: 300, log_lock_waits: "on", deadlock_timeout: `${mostWaitMs}ms`, log_line_prefix: "%a|" };
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
  const chosen = sample ? randomFrom(sample.seed, "rebuild points").shuffle(all).slice(0, sample.cases) : all;
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
  await Promise.all(Array.from({ length: atOnce }, work));
  wrong.push(...(await waitsOf(server)));
  return { cases: chosen.length, messages, missed, slow: [], wrong: wrong.map((text) => ({ promise: rebuiltWhole.id, text })), folders: [] };
}

/** Appends and readers that waited for too long for a lock, by the server's log. What processes do besides, as opening, may wait. */
async function waitsOf({ folder }: Server): Promise<readonly string[]> {
  const log = await readFile(join(folder, "log"), "utf8");
  // An entry with its details, which end with the statement.
  const entries = log.split(/^(?=[^|\n]*\|(?:LOG|ERROR|FATAL|WARNING):)/m).filter((entry) => entry.includes("still waiting for"));
  return entries.filter((entry) => entry.startsWith("auditor|") || /^appender\|STATEMENT:[^]*(?:append|documents)/m.test(entry));
}
