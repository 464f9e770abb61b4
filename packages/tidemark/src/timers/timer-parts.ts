import type { LifecyclePart } from "../async/lifecycle.ts";
import type { TidemarkError } from "../errors/tidemark-error.ts";
import type { TimerAlarm } from "./timer-alarm.ts";
import type { TimerStatements } from "./timer-statements.ts";
import type { TimerWrites } from "./timer-writes.ts";

/** What the stores of all tenants share of timers. */
export interface TimerParts {
  readonly statements: TimerStatements;
  readonly writes: TimerWrites;
  readonly alarm: TimerAlarm;
  /** What fires the timers of a tenant, for a worker. `report` is told of timers that fail. */
  createService(tenant: string, report: (error: TidemarkError) => void): LifecyclePart;
}
