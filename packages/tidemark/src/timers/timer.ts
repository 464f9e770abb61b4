/**
 * When the event of `schedule` is due: at a time, after a delay, or again and again.
 *
 * @example
 * ```ts
 * const once: ScheduleOptions = { key: "invoice-7", in: 900_000 };
 * const weekly: ScheduleOptions = { key: "report", cron: "0 9 * * 1", timeZone: "Europe/Rome" };
 * ```
 */
export type ScheduleOptions = {
  /** Names the timer: 1–256 bytes of UTF-8 without control characters. The same key replaces what was set before. */
  readonly key: string;
} & (
  | {
      /** The time it is due, by the database's clock. One that is over is due at once. */
      readonly at: Date;
      readonly in?: undefined;
      readonly cron?: undefined;
      readonly timeZone?: undefined;
      readonly missed?: undefined;
    }
  | {
      /** Milliseconds from now, by the database's clock. 0–3,155,760,000,000, a hundred years. The deadline is stored, once. */
      readonly in: number;
      readonly at?: undefined;
      readonly cron?: undefined;
      readonly timeZone?: undefined;
      readonly missed?: undefined;
    }
  | {
      /**
       * A cron pattern: minute, hour, day of the month, month, day of the week. A sixth field in front is seconds; `@daily` and the like
       * are known. Each due time appends an event with an id of its own.
       */
      readonly cron: string;
      /** The time zone whose clocks `cron` is read by, such as `"Europe/Rome"`. @defaultValue "UTC" */
      readonly timeZone?: string;
      /** What follows an outage: `"once"`, one event for all due times that passed; `"each"`, one for each of them. @defaultValue "once" */
      readonly missed?: "once" | "each";
      readonly at?: undefined;
      readonly in?: undefined;
    }
);

/**
 * What `schedule` set.
 *
 * @example
 * ```ts
 * const { dueAt, eventId }: ScheduledTimer = await store.schedule("cart-9", { type: "CartExpired", data: {} }, { key: "cart-9", in: 3_600_000 });
 * ```
 */
export interface ScheduledTimer {
  readonly key: string;
  /** By the database's clock, in whole milliseconds. */
  readonly dueAt: Date;
  /** The id that the event will have; of a recurring timer, the one that the ids of its events are made from. */
  readonly eventId: string;
}

/**
 * A timer that has not fired, or a recurring one.
 *
 * @example
 * ```ts
 * const stuck: Timer[] = (await store.timers.list()).filter(({ parked }) => parked);
 * ```
 */
export interface Timer extends ScheduledTimer {
  readonly streamId: string;
  /** The event's, as it will be stored. */
  readonly type: string;
  /** Of a recurring one. */
  readonly cron: string | undefined;
  readonly timeZone: string | undefined;
  readonly missed: "once" | "each" | undefined;
  /** How often its event could not be appended. */
  readonly attempts: number;
  /** Why, the last time. */
  readonly error: { readonly code: string | undefined; readonly message: string } | undefined;
  /** When it is tried again; undefined unless an attempt failed. */
  readonly nextTryAt: Date | undefined;
  /** After 10 failed attempts it is tried no more, until it is set again. */
  readonly parked: boolean;
}

/**
 * Options of `timers.list`.
 *
 * @example
 * ```ts
 * const soon: TimersQuery = { dueBefore: new Date(Date.now() + 3_600_000), limit: 20 };
 * ```
 */
export interface TimersQuery {
  /** Only those that are due before this time. */
  readonly dueBefore?: Date;
  /** The last timer of the page before. */
  readonly after?: Pick<Timer, "dueAt" | "key">;
  /** 1–10,000. @defaultValue 100 */
  readonly limit?: number;
  /** Ends the call, and cancels its query on the server. It then rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

/**
 * The timers that `schedule` set, of this tenant. In a transaction, as the transaction sees them.
 *
 * @example
 * ```ts
 * const timers: Timers = store.timers;
 * console.debug((await timers.list()).map(({ key, dueAt }) => `${key} ${dueAt.toISOString()}`));
 * ```
 */
export interface Timers {
  /** Lists timers by due time, then by key: those that have not fired, those that failed, and recurring ones. */
  list(query?: TimersQuery): Promise<readonly Timer[]>;
  /**
   * Cancels a timer: once this has committed, it does not fire. Waits for one that is being fired.
   *
   * @returns Whether there was one. False: it was never set, has fired, or was cancelled before.
   */
  cancel(key: string): Promise<boolean>;
}
