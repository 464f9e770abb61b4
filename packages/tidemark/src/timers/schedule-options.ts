import { checkDate, oneOf } from "../arguments/checks.ts";
import { checkTimerKey } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { checkCron, checkTimeZone, nextDue } from "./cron.ts";
import { checkDelay, type Due } from "./encode-timer.ts";
import type { ScheduleOptions } from "./timer.ts";
import type { Recurrence } from "./timer-writes.ts";

const shape = { key: checkTimerKey, at: checkDate, in: checkDelay, cron: checkCron, timeZone: checkTimeZone, missed: oneOf("once", "each") };

/** When a timer is due, checked. */
export type ScheduledFor = { readonly key: string } & ({ readonly due: Due } | { readonly recurrence: Recurrence });

export function checkScheduleOptions(options: ScheduleOptions): ScheduledFor {
  const { key, at, in: delay, cron, timeZone, missed } = checkOptions(options, shape);
  if (key === undefined) throw new InvalidArgumentError("options.key", "is missing: a name for the timer, by which it is replaced and cancelled");
  const [way, other] = [at && "at", delay !== undefined && "in", cron !== undefined && "cron"].filter(Boolean);
  if (!way) throw new InvalidArgumentError("options", "must say when: at, a Date; in, milliseconds; or cron, a pattern");
  if (other) throw new InvalidArgumentError(`options.${other}`, `cannot go with ${way}: a timer is due at a time, in some milliseconds, or by a cron pattern`);
  if (cron !== undefined) {
    const recurrence = { cron, timeZone: timeZone ?? "UTC", missed: missed ?? "once" };
    if (nextDue(recurrence, Date.now()) === undefined) throw new InvalidArgumentError("options.cron", `never comes: ${JSON.stringify(cron)}`);
    return { key, recurrence };
  }
  if (timeZone !== undefined) throw new InvalidArgumentError("options.timeZone", `goes with cron alone: ${way} means the same everywhere`);
  if (missed !== undefined) throw new InvalidArgumentError("options.missed", `goes with cron alone: a timer with ${way} fires once`);
  return { key, due: at ? { at } : { in: delay ?? 0 } };
}
