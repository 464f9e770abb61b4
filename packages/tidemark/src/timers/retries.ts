import type { Database } from "../database/database.ts";
import { errorDetails } from "../database/error-details.ts";
import { TimerFailedError } from "../errors/timers.ts";
import type { TidemarkError } from "../errors/tidemark-error.ts";
import { backoffMs } from "../async/retry.ts";
import { type TimerPlace, timerPlace } from "./due-timer.ts";
import type { Firing } from "./firing.ts";
import type { TimerStatements } from "./timer-statements.ts";

/** Waiting 4 to 5 minutes in all. */
const mostAttempts = 10;
const backoff = { firstMs: 1_000, mostMs: 60_000, jitter: false };
/** A stream that another transaction holds is looked at again this soon: nothing has failed. */
const blockedMs = 250;
const unclearMs = 10_000;

interface RetriesContext {
  readonly database: Database;
  readonly statements: TimerStatements;
  readonly report: (error: TidemarkError) => void;
}

/** Fires timers one at a time: those that failed before, and those of a batch of which one failed. */
export class Retries {
  readonly #context: RetriesContext;
  readonly #tenant: string;
  readonly #firing: Pick<Firing, "single">;

  constructor(context: RetriesContext, tenant: string, firing: Pick<Firing, "single">) {
    this.#context = context;
    this.#tenant = tenant;
    this.#firing = firing;
  }

  /** Tries up to so many of those that failed before and are to be tried again. Returns how many. */
  async due(most: number): Promise<number> {
    const { database, statements } = this.#context;
    const rows = await database.query(statements.retries, [this.#tenant, most]);
    await this.each(rows.map(timerPlace));
    return rows.length;
  }

  /** Tries each in turn. One whose stream is blocked holds back those behind it for the same stream, or they would overtake it. */
  async each(timers: readonly TimerPlace[]): Promise<void> {
    const held = new Set<string>();
    for (const timer of timers) {
      const refusal = held.has(timer.streamId) ? ({ kind: "blocked" } as const) : await this.#firing.single(timer);
      switch (refusal?.kind) {
        case "blocked":
          held.add(timer.streamId);
          await this.#defer(timer, blockedMs, { attempts: 0 });
          break;
        case "unclear":
          // Where it lies in the database, this cannot be written either, and all wait. Where it lies in the timer, the others go on.
          await this.#defer(timer, unclearMs, { attempts: 0, error: refusal.error });
          break;
        case "failed":
          await this.#failed(timer, refusal.error);
          break;
        case undefined:
      }
    }
  }

  async #failed(timer: TimerPlace, error: unknown): Promise<void> {
    const attempts = timer.attempts + 1;
    const parked = attempts >= mostAttempts;
    await this.#defer(timer, parked ? null : backoffMs(backoff, attempts), { attempts: 1, error });
    // Not each time: an alarm for the first, and one once somebody has to act.
    if (attempts === 1 || parked) this.#context.report(new TimerFailedError({ key: timer.key, streamId: timer.streamId, attempts, parked }, error));
  }

  async #defer(
    { owner, key, eventId, attempts, dueMs }: TimerPlace,
    ms: number | null,
    more: { readonly attempts: number; readonly error?: unknown },
  ): Promise<void> {
    const { database, statements } = this.#context;
    const { code = null, message = null } = "error" in more ? errorDetails(more.error) : {};
    await database.query(statements.defer, [this.#tenant, owner, key, eventId, ms, more.attempts, code, message, attempts, dueMs]);
  }
}
