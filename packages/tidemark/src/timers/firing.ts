import { appendWithin } from "../append/append-within.ts";
import { list, separator } from "../append/batch.ts";
import { hasCulprit, isBlocked, isTransient } from "../append/failure.ts";
import type { Gate } from "../append/gate.ts";
import { InlineFailure } from "../append/inline.ts";
import type { AppendStatements } from "../append/statements.ts";
import type { Database, Session } from "../database/database.ts";
import { nullableList } from "../database/nullable-list.ts";
import { isTidemarkError } from "../errors/errors.ts";
import { appendOf, type DueTimer, dueTimer, type TimerPlace } from "./due-timer.ts";
import type { TimerStatements } from "./timer-statements.ts";
import { firing } from "../tracing/operations.ts";
import type { TracedStore } from "../tracing/traced-store.ts";

/** What firing needs of the store. */
export interface FiringContext {
  readonly database: Database;
  readonly statements: TimerStatements;
  /** Which store it is of, for tracing. */
  readonly traced: TracedStore;
  readonly append: { readonly statements: AppendStatements; readonly gate: Gate };
  /** As for every append of the store. */
  readonly settings: { readonly now: (() => Date) | undefined; readonly durability: "on" | "off" | null };
}

/**
 * Why a timer did not fire. `blocked`: another transaction holds what its append needs. `failed`: its event cannot be appended. `unclear`: the
 * database refused for a reason that need not lie in it.
 */
export type Refusal = { readonly kind: "blocked" } | { readonly kind: "failed" | "unclear"; readonly error: unknown };

/** What became of a batch: how many fired, or else those that should be tried one by one. */
export interface Fired {
  readonly fired: number;
  /** How late the first of them was. */
  readonly lateMs: number;
  readonly refused: readonly TimerPlace[];
}

/** A process that is frozen in the middle keeps other workers from firing this long. */
const idleTimeoutMs = 5_000;
/** How long a lock is waited for: of all timers of a batch, and of a single one. Shorter than `deadlock_timeout`, which is 1 s. */
const batchLockMs = 30;
const singleLockMs = 200;

interface How {
  readonly checkIds: boolean;
  readonly wait: boolean;
  /** Is given what the transaction has taken. */
  readonly taken: DueTimer[];
}

/** One append of a batch was not written, so that none may be. */
class NotWritten extends Error {
  readonly refusal: Refusal | "outdated";

  constructor(refusal: Refusal | "outdated") {
    super("a timer's event was not appended");
    this.refusal = refusal;
  }
}

/** Appends the events of timers that are due, each transaction all that it has taken. */
export class Firing {
  readonly #context: FiringContext;
  readonly #tenant: string;

  constructor(context: FiringContext, tenant: string) {
    this.#context = context;
    this.#tenant = tenant;
  }

  /**
   * Fires up to so many timers, those due first, all of them or none. 0 also where another worker fires some. Rejects where nothing can be
   * fired now.
   */
  async batch(most: number): Promise<Fired> {
    const taken: DueTimer[] = [];
    try {
      const fired = await this.#fire([most, batchLockMs, null, null, null], { checkIds: false, wait: false, taken });
      return { fired, lateMs: taken[0]?.lateMs ?? 0, refused: [] };
    } catch (error) {
      if (refusalOf(error) === undefined) throw error;
      return { fired: 0, lateMs: 0, refused: taken };
    }
  }

  /** Fires one timer. Returns why it did not; undefined where it did, or is not there any more. Rejects where nothing can be fired now. */
  async single({ owner, key, eventId }: TimerPlace): Promise<Refusal | undefined> {
    try {
      await this.#fire([1, singleLockMs, owner, key, eventId], { checkIds: true, wait: true, taken: [] });
      return undefined;
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      return refusal;
    }
  }

  #fire(claim: readonly (number | string | null)[], how: How): Promise<number> {
    return firing.trace(
      { store: this.#context.traced, tenant: this.#tenant },
      () => ({}),
      () => this.#fireClaimed(claim, how),
      (timers) => ({ result: { timers } }),
    );
  }

  async #fireClaimed(claim: readonly (number | string | null)[], how: How): Promise<number> {
    const { database, append } = this.#context;
    for (;;) {
      try {
        return await database.transaction((session) => this.#within(session, claim, how), { idleTimeoutMs });
      } catch (error) {
        if (!(error instanceof NotWritten) || error.refusal !== "outdated") throw error;
        await append.gate.reload();
      }
    }
  }

  async #within(session: Session, claim: readonly (number | string | null)[], { taken, ...how }: How): Promise<number> {
    const { statements, append, settings } = this.#context;
    const timers = (await session.query(statements.claim, [this.#tenant, ...claim])).map(dueTimer);
    taken.splice(0, taken.length, ...timers);
    if (timers.length === 0) return 0;
    const recordedAt = settings.now ? settings.now().toISOString() : null;
    const appends = timers.map((timer) => appendOf(this.#tenant, timer));
    for (const outcome of await appendWithin(session, append, appends, { recordedAt, durability: settings.durability, ...how })) {
      if (outcome.kind === "outdated") throw new NotWritten("outdated");
      if (outcome.kind === "blocked") throw new NotWritten({ kind: "blocked" });
      if (outcome.kind !== "written") throw new NotWritten({ kind: "failed", error: outcome.error });
    }
    await this.#recur(session, timers);
    return timers.length;
  }

  /** Recurring timers go on, or end where their pattern names no later time. */
  async #recur(session: Session, timers: readonly DueTimer[]): Promise<void> {
    const recurring = timers.filter(({ recurrence }) => recurrence !== undefined);
    if (recurring.length === 0) return;
    const keys = recurring.map(({ key }) => key).join(separator);
    const due = nullableList(recurring.map(({ nextDueMs }) => nextDueMs));
    await session.query(this.#context.statements.recur, [this.#tenant, list(recurring.map(({ owner }) => owner)), keys, due]);
  }
}

/** What an error says about the timers of its transaction. Undefined: nothing, for nothing can be written now. */
function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof NotWritten) return error.refusal === "outdated" ? undefined : error.refusal;
  if (error instanceof InlineFailure) return { kind: "failed", error: error.cause };
  if (isBlocked(error)) return { kind: "blocked" };
  if (isTransient(error)) return undefined;
  if (hasCulprit(error) || !isTidemarkError(error)) return { kind: "failed", error };
  return isTidemarkError(error, "DATABASE") ? { kind: "unclear", error } : undefined;
}
