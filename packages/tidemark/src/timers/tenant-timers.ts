import { checkDate, checkSignal, wholeNumber } from "../arguments/checks.ts";
import { checkTimerKey } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import type { Queryable } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import { keepCallers } from "../errors/caller-frames.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { NewEvent } from "../model/event.ts";
import { nextDue } from "./cron.ts";
import { pendingTimer } from "./pending-timer.ts";
import { checkScheduleOptions } from "./schedule-options.ts";
import type { ScheduledTimer, ScheduleOptions, Timer, Timers, TimersQuery } from "./timer.ts";
import type { TimerStatements } from "./timer-statements.ts";
import type { TimerWrites } from "./timer-writes.ts";

/** Who set these timers: the application. */
const owner = 0;

interface TenantTimersContext {
  readonly writes: TimerWrites;
  readonly statements: TimerStatements;
  /** The store's database, or a transaction. */
  readonly on: Queryable;
  readonly tenant: string;
  /** In a transaction: has its commit wait for a call that was not awaited. */
  readonly enlist?: <T>(work: Promise<T>) => Promise<T>;
  /** A timer was set that is due in so many milliseconds. */
  readonly onSet: (inMs: number) => void;
}

const checkAfter = (value: unknown, path: string): { readonly dueAt: Date; readonly key: string } => {
  // A timer may be given whole.
  const given = typeof value === "object" && value !== null && "dueAt" in value && "key" in value ? { dueAt: value.dueAt, key: value.key } : value;
  const { dueAt, key } = checkOptions(given, { dueAt: checkDate, key: checkTimerKey }, path);
  if (!dueAt || key === undefined) throw new InvalidArgumentError(path, "must be the last timer of the page before, or its { dueAt, key }");
  return { dueAt, key };
};
const listShape = { dueBefore: checkDate, after: checkAfter, limit: wholeNumber(1, 10_000), signal: checkSignal };

/** The timers of an application, through the pool or inside a transaction. */
export class TenantTimers implements Timers {
  readonly #context: TenantTimersContext;

  static {
    keepCallers(this);
  }

  constructor(context: TenantTimersContext) {
    this.#context = context;
  }

  schedule(streamId: string, event: NewEvent, options: ScheduleOptions): Promise<ScheduledTimer> {
    const { enlist = (work) => work } = this.#context;
    return enlist(this.#schedule(streamId, event, options));
  }

  async #schedule(streamId: string, event: NewEvent, options: ScheduleOptions): Promise<ScheduledTimer> {
    const { writes, on, tenant, onSet } = this.#context;
    const { key, ...when } = checkScheduleOptions(options);
    const recurrence = "recurrence" in when ? when.recurrence : undefined;
    if (recurrence && event?.id !== undefined)
      throw new InvalidArgumentError("event.id", "cannot be given with cron: each event of a recurring timer has an id of its own");
    const due = "due" in when ? when.due : { at: new Date(0) };
    const encoded = await writes.encode({ owner, key, streamId, event, due });
    const timer = recurrence ? { ...encoded, due: nextDue(recurrence, await this.#now()) ?? 0 } : encoded;
    const [set] = await writes.set(on, tenant, [timer], recurrence);
    if (!set) throw new TypeError("the database did not say what it set: does a trigger on the table timers leave it out?");
    onSet(set.inMs);
    return { key, dueAt: set.dueAt, eventId: set.eventId };
  }

  async list(query?: TimersQuery): Promise<readonly Timer[]> {
    const { on, statements, tenant } = this.#context;
    const { dueBefore, after, limit = 100, signal } = checkOptions(query, listShape, "query");
    const values = [tenant, dueBefore?.getTime() ?? null, after?.dueAt.getTime() ?? null, after?.key ?? null, limit];
    const rows = await on.query(statements.list, values, { signal });
    return rows.map(pendingTimer).map(({ owner: _application, ...timer }) => timer);
  }

  async cancel(key: string): Promise<boolean> {
    const { writes, on, tenant } = this.#context;
    return (await writes.cancel(on, tenant, [{ owner, keys: [checkTimerKey(key, "key")] }])) > 0;
  }

  /** The database's clock. */
  async #now(): Promise<number> {
    const [row] = await this.#context.on.query(this.#context.statements.now, []);
    return toSafeInteger(row?.["now"]);
  }
}
