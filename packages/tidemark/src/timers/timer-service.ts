import type { LifecyclePart } from "../async/lifecycle.ts";
import { pause } from "../async/pause.ts";
import { backoffMs } from "../async/retry.ts";
import type { TidemarkError } from "../errors/tidemark-error.ts";
import { asTidemarkError } from "../database/error-details.ts";
import { Firing, type FiringContext } from "./firing.ts";
import { Retries } from "./retries.ts";
import { lookEveryMs, type TimerAlarm } from "./timer-alarm.ts";

/** Of one transaction. */
const batchSize = 100;
const retriesAtOnce = 20;
/** Another worker has taken what is due: it commits in a moment. */
const busyMs = 20;
/** Between two looks, however many timers are set meanwhile: what is due by then fires together. */
const leastMs = 5;
/** What is later than this was not fired for a while. Then many may be due. */
const overdueMs = 1_000;
const outage = { firstMs: 100, mostMs: 5_000 };

export interface TimerServiceContext extends FiringContext {
  readonly alarm: TimerAlarm;
  /** Has the process hear of timers that others set. Returns what ends that. */
  readonly keepListening: () => () => void;
  /** Events were appended. */
  readonly onWritten: () => void;
}

/**
 * Fires the timers of one tenant: sleeps until the next one is due, by the database's clock, or until an earlier one is set, and looks once a
 * second in any case. All workers do so, and each finds what no other has taken.
 */
export class TimerService implements LifecyclePart {
  readonly #context: TimerServiceContext;
  readonly #tenant: string;
  readonly #firing: Firing;
  readonly #retries: Retries;
  readonly #report: (error: TidemarkError) => void;
  #ending: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();
  #failures = 0;

  /** @param report - Is told of timers that fail, and of an outage once. Never throws. */
  constructor(context: TimerServiceContext, tenant: string, report: (error: TidemarkError) => void) {
    this.#context = context;
    this.#tenant = tenant;
    this.#report = report;
    this.#firing = new Firing(context, tenant);
    this.#retries = new Retries({ ...context, report }, tenant, this.#firing);
  }

  async start(): Promise<void> {
    if (this.#ending) return;
    this.#ending = new AbortController();
    this.#running = this.#run(this.#ending.signal);
  }

  /** Resolves when the transaction in hand has ended. */
  async stop(): Promise<void> {
    this.#ending?.abort();
    await this.#running;
    this.#ending = undefined;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const leave = this.#context.keepListening();
    try {
      while (!signal.aborted) await this.#turn(signal);
    } finally {
      leave();
    }
  }

  /** Never rejects: where the database cannot be reached, it waits, ever longer. */
  async #turn(signal: AbortSignal): Promise<void> {
    try {
      const { waitMs, restMs } = await this.#fireDue();
      this.#failures = 0;
      if (waitMs > 0) await this.#context.alarm.wait(waitMs, signal);
      await pause(restMs, signal);
    } catch (thrown) {
      if (signal.aborted) return;
      if (++this.#failures === 1) this.#report(asTidemarkError(thrown));
      await pause(backoffMs(outage, this.#failures), signal).catch(() => {});
    }
  }

  /** Fires some of those that are due. Returns how long to wait, unless a timer is set, and then to rest, before the next look. */
  async #fireDue(): Promise<{ readonly waitMs: number; readonly restMs: number }> {
    const { database, statements, onWritten } = this.#context;
    const [row] = await database.query(statements.next, [this.#tenant]);
    const nextMs = row?.["in_ms"] == null ? lookEveryMs : Number(row["in_ms"]);
    if (nextMs > 0) return { waitMs: nextMs, restMs: 0 };
    const began = performance.now();
    const { fired, lateMs, refused } = await this.#firing.batch(batchSize);
    await this.#retries.each(refused);
    const retried = await this.#retries.due(retriesAtOnce);
    if (fired + refused.length + retried === 0) return { waitMs: busyMs, restMs: 0 };
    onWritten();
    // After an outage half of the time is left to appends. Otherwise a rest would only make the next ones later.
    return { waitMs: 0, restMs: fired < batchSize || lateMs < overdueMs ? leastMs : Math.max(leastMs, performance.now() - began) };
  }
}
