import { list, separator } from "../append/batch.ts";
import type { Queryable, QueryOptions, Value } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import { type EncodedTimer, encodeTimer, type NewTimer, type TimerEncoding } from "./encode-timer.ts";
import { type PendingTimer, pendingTimer } from "./pending-timer.ts";
import type { TimerStatements } from "./timer-statements.ts";

/** What was set. */
export interface SetTimer {
  readonly owner: number;
  readonly key: string;
  readonly eventId: string;
  readonly dueAt: Date;
  /** Whole milliseconds until it is due, by the database's clock; less than 0: it was before. */
  readonly inMs: number;
}

/** How a timer recurs. */
export interface Recurrence {
  readonly cron: string;
  readonly timeZone: string;
  readonly missed: "once" | "each";
}

/** Which timers of an owner are cancelled. */
export interface Cancellation {
  readonly owner: number;
  readonly keys: readonly string[] | "all";
}

/** Sets and cancels timers on any session, and so in any transaction: they are there, or gone, once it commits. */
export class TimerWrites {
  readonly #statements: TimerStatements;
  readonly #encoding: TimerEncoding;

  constructor(statements: TimerStatements, encoding: TimerEncoding) {
    this.#statements = statements;
    this.#encoding = encoding;
  }

  /** See `encodeTimer`. */
  encode(timer: NewTimer, path = "event"): EncodedTimer | Promise<EncodedTimer> {
    return encodeTimer(this.#encoding, timer, path);
  }

  /** Sets timers in one statement, see `set-timers.sql`. Of two with the same owner and key the last one counts. */
  async set(on: Queryable, tenant: string, timers: readonly EncodedTimer[], recurrence?: Recurrence): Promise<readonly SetTimer[]> {
    const last = [...new Map(timers.map((timer) => [`${timer.owner} ${timer.key}`, timer])).values()];
    if (last.length === 0) return [];
    const joined = (text: (timer: EncodedTimer) => string): string => last.map(text).join(separator);
    const values: Value[] = [
      tenant,
      list(last.map(({ owner }) => owner)),
      joined(({ key }) => key),
      joined(({ streamId }) => streamId),
      list(last.map(({ event }) => event.id)),
      joined(({ event }) => event.type),
      joined(({ event }) => event.data),
      joined(({ event }) => event.metadata),
      joined(({ event }) => event.tags),
      list(last.map(({ event }) => event.schemaVersion)),
      list(last.map(({ due }) => due)),
      list(last.map(({ relative }) => `${relative}`)),
      recurrence?.cron ?? null,
      recurrence?.timeZone ?? null,
      recurrence?.missed ?? null,
    ];
    const rows = await on.query(this.#statements.set, values);
    return rows.map((row) => ({
      owner: toSafeInteger(row["owner"]),
      key: row["key"] ?? "",
      eventId: row["event_id"] ?? "",
      dueAt: new Date(toSafeInteger(row["due_at"])),
      inMs: toSafeInteger(row["in_ms"]),
    }));
  }

  /** Cancels timers in one statement. Waits for those that are being fired. Returns how many there were. */
  async cancel(on: Queryable, tenant: string, cancellations: readonly Cancellation[]): Promise<number> {
    const whole = cancellations.filter(({ keys }) => keys === "all").map(({ owner }) => owner);
    const single = cancellations.flatMap(({ owner, keys }) => (keys === "all" ? [] : keys.map((key) => ({ owner, key }))));
    if (whole.length + single.length === 0) return 0;
    const values = [tenant, list(whole), list(single.map(({ owner }) => owner)), single.map(({ key }) => key).join(separator)];
    const [row] = await on.query(this.#statements.cancel, values);
    return toSafeInteger(row?.["cancelled"]);
  }

  /** The timers of these owners that have not fired, by due date. */
  async of(on: Queryable, tenant: string, owners: readonly number[], options?: QueryOptions): Promise<readonly PendingTimer[]> {
    const rows = await on.query(this.#statements.ofOwners, [tenant, list(owners)], options);
    return rows.map(pendingTimer);
  }
}
