import type { Verdict } from "../check/invariant.ts";
import { verdictLines } from "../report/text.ts";
import { mebibyte } from "./judge.ts";
import { quartersOf } from "./memory.ts";
import type { OutageRecord } from "./record.ts";

const mib = (bytes: number): string => (bytes / mebibyte).toFixed(1);
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** What an outage came to, as it is printed. */
export function outageReport(record: OutageRecord, verdicts: readonly Verdict[]): readonly string[] {
  const { plan, before, looks, health, told, arrivals, log, awayFrom, awayUntil } = record;
  const line = (...cells: readonly string[]): string => cells.map((cell, at) => (at === 0 ? cell.padEnd(10) : cell.padStart(14))).join("");
  const again = arrivals.length - new Set(arrivals.map(([id]) => id)).size;
  const retrying = looks.filter(({ state }) => state === "retrying").length;
  return [
    `PostgreSQL ${plan.version}, and Redis, which was killed with -9 and away for ${minutes(awayUntil - awayFrom)}`,
    `${log.length.toLocaleString("en")} events in the log; ${mib(looks.at(-1)?.backlog ?? 0)} MiB of them appended while it was away`,
    "",
    `Of the relay's process, in MiB, each after a collection; before the outage its heap was ${mib(before.heap)}, and it took ${mib(before.rss)}`,
    line("", "backlog", "heap", "most heap", "resident"),
    ...quartersOf(looks).map(({ backlog, heap, mostHeap, rss }, at) => line(`quarter ${at + 1}`, mib(backlog), mib(heap), mib(mostHeap), mib(rss))),
    "(the middle of what was found in a quarter, and the most)",
    "",
    `${retrying} of ${looks.length} looks found the relay "retrying"; its worker was told ${told.join(", ") || "nothing"}`,
    `health, while the broker was away: ${health.during.status}, ${health.during.value} events behind: ${health.during.advice}`,
    `health, once the relay had caught up: ${health.after.status}`,
    `the relay went on ${seconds(record.resumedMs)} after the broker was back, and had caught up after ${seconds(record.caughtUpMs)}`,
    `${arrivals.length.toLocaleString("en")} messages at the broker; ${again} of them came again`,
    "",
    ...verdictLines(verdicts),
  ];
}

function minutes(ms: number): string {
  return ms < 120_000 ? seconds(ms) : `${(ms / 60_000).toFixed(1)} minutes`;
}
