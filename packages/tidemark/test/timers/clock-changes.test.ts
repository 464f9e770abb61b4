import { nextDue } from "../../src/timers/cron.ts";
import { expect, test } from "../support/test.ts";

const minute = 60_000;
const day = 86_400_000;

interface Minute {
  readonly instant: number;
  readonly date: string;
  /** On the clock, since midnight. */
  readonly shown: number;
}

/** What the clocks of a time zone show in each minute from a day before a time until a day after it. */
function minutesAround(timeZone: string, time: number): readonly Minute[] {
  const format = new Intl.DateTimeFormat("en-GB", { timeZone, hourCycle: "h23", dateStyle: "short", timeStyle: "short" });
  return Array.from({ length: (2 * day) / minute }, (_, n) => {
    const instant = time - day + n * minute;
    const [date = "", clock = ""] = format.format(instant).split(", ");
    const [hours = 0, minutes = 0] = clock.split(":").map(Number);
    return { instant, date, shown: hours * 60 + minutes };
  });
}

/** When some times of each day are due: the first time that clocks show them, or at the change that skips them. */
function expected(minutes: readonly Minute[], times: ReadonlySet<number>): number[] {
  const due = new Map<string, number>();
  for (const { instant, date, shown } of minutes) if (times.has(shown) && !due.has(`${date} ${shown}`)) due.set(`${date} ${shown}`, instant);
  for (const [index, { instant, date, shown }] of minutes.entries()) {
    const before = minutes[index - 1];
    if (!before) continue;
    const now = shown + (date === before.date ? 0 : 24 * 60);
    for (let skipped = before.shown + 1; skipped < now; skipped++) if (times.has(skipped % (24 * 60))) due.set(`${date} skipped ${skipped}`, instant);
  }
  return [...new Set(due.values())].toSorted((a, b) => a - b);
}

/** The times at which clocks change in 2026, to the hour. */
function changesOf(timeZone: string): number[] {
  const format = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" });
  const offsetAt = (time: number): string | undefined => format.format(time).split(", ")[1];
  const hours = Array.from({ length: 365 * 24 }, (_, n) => Date.UTC(2026, 0, 1, n));
  return hours.filter((time) => offsetAt(time) !== offsetAt(time - 60 * minute));
}

const patterns: readonly (readonly [cron: string, hours: readonly number[], minutes: readonly number[]])[] = [
  ...[0, 1, 2, 3, 23].map((hour) => [`30 ${hour} * * *`, [hour], [30]] as const),
  ["0 0 * * *", [0], [0]],
  ["0,30 2 * * *", [2], [0, 30]],
  ["30 1,2 * * *", [1, 2], [30]],
  ["0 1-3 * * *", [1, 2, 3], [0]],
  ["*/15 0 * * *", [0], [0, 15, 30, 45]],
  ["0 */2 * * *", Array.from({ length: 12 }, (_, n) => 2 * n), [0]],
];

// Rome and New York change in the small hours, Santiago, Beirut and Havana at midnight, Lord Howe by half an hour, Casablanca for a month.
test.for(["Europe/Rome", "America/New_York", "America/Santiago", "Asia/Beirut", "America/Havana", "Australia/Lord_Howe", "Africa/Casablanca"])(
  "in %s a time of the day is due once on each day, also where its clocks skip or repeat it",
  (timeZone) => {
    const changes = changesOf(timeZone);
    expect(changes.length).toBeGreaterThan(1);
    for (const change of changes) {
      const minutes = minutesAround(timeZone, change);
      const [from, until] = [change - day, change + day];
      for (const [cron, hours, each] of patterns) {
        const times = new Set(hours.flatMap((hour) => each.map((one) => hour * 60 + one)));
        const due: number[] = [];
        for (let next = nextDue({ cron, timeZone }, from - 1); next !== undefined && next < until; next = nextDue({ cron, timeZone }, next)) due.push(next);
        const shown = (list: readonly number[]): unknown => ({ cron, due: list.map((time) => new Date(time).toISOString()) });
        expect(shown(due)).toEqual(shown(expected(minutes, times)));
      }
    }
  },
);
