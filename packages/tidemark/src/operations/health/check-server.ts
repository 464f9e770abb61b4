import type { HealthFacts } from "./server-facts.ts";
import type { ValidHealthLimits } from "./health-limits.ts";
import { good, type HealthCheck, type HealthStatus, upTo } from "./health-report.ts";

/** These acknowledge a commit that a crash of the server, or its loss, can take back. */
const weakCommits: ReadonlySet<string> = new Set(["off", "local", "remote_write"]);

/** An append takes up to 512 claims, a floor and its tables; so many appends side by side should find room. */
const fewestLocks = 4_096;

/** The checks of the server. @param durability - What appends of this store ask for, where that is not the server's own. */
export function checkServerFacts(facts: HealthFacts, limits: ValidHealthLimits, durability: "on" | "off" | "server"): readonly HealthCheck[] {
  return [checkDurability(facts, durability), checkConnections(facts, limits), checkLocks(facts, limits)];
}

function checkDurability({ synchronousCommit, fsync, fullPageWrites }: HealthFacts, durability: "on" | "off" | "server"): HealthCheck {
  const commit = durability === "server" ? synchronousCommit : durability;
  const weak: [HealthStatus, string][] = [
    ...(fsync === "off"
      ? [["failing", "fsync is off: a crash of the machine can destroy the database. Turn it on: alter system set fsync = on; then reload."] as const]
      : []),
    ...(fullPageWrites === "off"
      ? [
          [
            "failing",
            "full_page_writes is off: a crash of the machine can leave torn pages. Turn it on: alter system set full_page_writes = on; then reload.",
          ] as const,
        ]
      : []),
    ...(weakCommits.has(commit)
      ? [
          [
            "degraded",
            `synchronous_commit is ${commit}: a successful append can be lost when the server crashes. Set durability: "on" if you do not want that.`,
          ] as const,
        ]
      : []),
  ].map(([status, advice]) => [status, advice]);
  const value = `synchronous_commit ${commit}, fsync ${fsync}, full_page_writes ${fullPageWrites}`;
  const [first] = weak;
  if (!first) return good("durability", value);
  return { name: "durability", status: first[0], value, limit: null, advice: weak.map(([, advice]) => advice).join(" ") };
}

function percent(used: number, all: number): number {
  return all > 0 ? Math.round((used / all) * 1_000) / 10 : 0;
}

function checkConnections({ connections, maxConnections }: HealthFacts, { maxConnectionsPercent }: ValidHealthLimits): HealthCheck {
  return upTo("connections", percent(connections, maxConnections), maxConnectionsPercent, {
    above: "degraded",
    advice: `${connections} of ${maxConnections} connections are taken. Add up pool.max of all processes, lower it or put a pooler between, or raise max_connections.`,
  });
}

function checkLocks({ locks, maxLocksPerTransaction, lockRoom: room }: HealthFacts, { maxLocksPercent }: ValidHealthLimits): HealthCheck {
  const raise = `Raise max_locks_per_transaction (now ${maxLocksPerTransaction}) and restart the server.`;
  if (room < fewestLocks) {
    const advice = `The server has room for ${room} locks, and appends with many tags need some hundred each. ${raise}`;
    return { name: "locks", status: "degraded", value: percent(locks, room), limit: maxLocksPercent, advice };
  }
  return upTo("locks", percent(locks, room), maxLocksPercent, { above: "degraded", advice: `${locks} of ${room} locks are taken. ${raise}` });
}
