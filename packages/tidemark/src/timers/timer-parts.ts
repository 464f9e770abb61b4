import type { TimerAlarm } from "./timer-alarm.ts";
import type { TimerWrites } from "./timer-writes.ts";

/** What the stores of all tenants share of timers. */
export interface TimerParts {
  readonly writes: TimerWrites;
  readonly alarm: TimerAlarm;
}
