import { Cron } from "croner";
import { describeValue, quoteText } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { firstInstant, wallTime } from "./wall-clock.ts";

/** When something recurs: a pattern, and the time zone whose clocks it is read by. */
export interface CronSchedule {
  readonly cron: string;
  readonly timeZone: string;
}

/** A date is a pattern to the parser, too, of one occurrence. */
const fields = /^\s*(?:@[a-z]+|\S+(?:\s+\S+){4,6})\s*$/i;
const maxLength = 256;

/**
 * The first due time after an instant. Times that a clock change skips are due at the moment of the change; those that it repeats are due
 * once, at the first of the two, unless the pattern names every hour: then they are due in both. Undefined: there is none.
 */
export function nextDue({ cron, timeZone }: CronSchedule, afterMs: number): number | undefined {
  if (namesEveryHour(cron)) return new Cron(cron, { timezone: timeZone }).nextRun(new Date(afterMs))?.getTime();
  // The parser does so for patterns of one time a day alone: of others it leaves out what is skipped, and repeats what is repeated.
  const shown = new Cron(cron, { timezone: "UTC" });
  for (let wall = wallTime(timeZone, afterMs); ;) {
    const next = shown.nextRun(new Date(wall))?.getTime();
    if (next === undefined) return undefined;
    const due = firstInstant(timeZone, next);
    // In a repeated hour the clocks show again what was due in the first one.
    if (due > afterMs) return due;
    wall = next;
  }
}

/** Whether the field of the hours leaves none out. */
function namesEveryHour(cron: string): boolean {
  const parts = cron.trim().split(/\s+/);
  if (parts.length === 1) return parts[0]?.toLowerCase() === "@hourly";
  const hours = new Set<number>();
  for (const part of (parts.length === 5 ? parts[1] : parts[2])?.split(",") ?? []) {
    const [range = "", step = "1"] = part.split("/");
    const [first, last = first] = range === "*" || range === "?" ? ["0", "23"] : range.split("-");
    for (let hour = Number(first); hour <= Number(last); hour += Number(step) || 24) hours.add(hour);
  }
  return hours.size === 24;
}

/** A cron pattern of five fields, or of six with seconds in front, or seven with years behind. */
export function checkCron(value: unknown, path: string): string {
  if (typeof value !== "string" || value.length > maxLength || !fields.test(value))
    throw new InvalidArgumentError(path, `must be a cron pattern such as "0 9 * * 1" (minute, hour, day, month, day of the week), not ${describeValue(value)}`);
  try {
    void new Cron(value);
    return value;
  } catch (error) {
    const problem = error instanceof Error ? error.message.replace(/^CronPattern: /, "") : String(error);
    throw new InvalidArgumentError(path, `is ${quoteText(value)}, which is no cron pattern: ${problem.replace(/\.$/, "")}`, { cause: error });
  }
}

/** A time zone of the IANA database, as this process knows it. */
export function checkTimeZone(value: unknown, path: string): string {
  try {
    if (typeof value === "string" && value !== "") return new Intl.DateTimeFormat("en", { timeZone: value }).resolvedOptions().timeZone && value;
  } catch (error) {
    throw new InvalidArgumentError(path, `is ${describeValue(value)}, which is no time zone that this process knows; use a name such as "Europe/Rome"`, {
      cause: error,
    });
  }
  throw new InvalidArgumentError(path, `must be the name of a time zone such as "Europe/Rome", not ${describeValue(value)}`);
}
