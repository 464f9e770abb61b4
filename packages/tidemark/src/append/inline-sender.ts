import type { Database } from "../database/database.ts";
import { DatabaseError } from "../errors/database.ts";
import { isTidemarkError } from "../errors/errors.ts";
import { TidemarkError } from "../errors/tidemark-error.ts";
import { batchCall, leanCall } from "./append-call.ts";
import type { BatchSettings } from "./batch.ts";
import { hasCulprit, isBlocked, isRepeatedId, isTransient } from "./failure.ts";
import { InlineFailure, type InlinePlan, type InlineProjections } from "./inline.ts";
import { type InlineAppend, inlineAppend, inlineExchange } from "./inline-append.ts";
import type { Outcome } from "./outcome.ts";
import { markWritten, type PendingAppend } from "./pending-append.ts";
import type { AppendStatements } from "./statements.ts";

/** A document that many change is waited for longer than a stream: its holder gives it back in a moment. */
const batchLockMs = 60;
const carefulLockMs = 30;
const waitingLockMs = 1_000;
/** So often a batch is sent again without the append that a projection could not take; then each goes alone. */
const mostFailures = 3;
/** That the appends of one transaction change together: each new one is a lock. See `lock_budget.sql`. */
const mostDocuments = 250;

/** Sends batches that write inline projections: one transaction of a few statements each, in two round trips where no handler runs in it. */
export class InlineSender {
  readonly #database: Database;
  readonly #statements: AppendStatements;

  constructor(database: Database, statements: AppendStatements) {
    this.#database = database;
    this.#statements = statements;
  }

  /**
   * The outcome of each append. One that a projection cannot take is refused alone: what it shared the transaction with is sent
   * again without it. Undefined where none of them concerns a projection.
   */
  async send(
    way: "batch" | "separately" | "waiting",
    batch: readonly PendingAppend[],
    inline: InlineProjections,
    settings: BatchSettings,
  ): Promise<Outcome[] | undefined> {
    if (way === "separately") return await this.#eachAlone(batch, inline, settings);
    const outcomes = new Map<PendingAppend, Outcome>();
    let rest = batch;
    for (let failures = 0; rest.length > 0; failures++) {
      if (failures > mostFailures) {
        const alone = await this.#eachAlone(rest, inline, settings);
        for (const [index, pending] of rest.entries()) outcomes.set(pending, alone[index] ?? { kind: "blocked" });
        break;
      }
      try {
        const plan = inline.plan(rest.map(({ append }) => append));
        if (plan.empty && rest === batch) return undefined;
        if (rest.length > 1 && plan.documents > mostDocuments) {
          for (const [pending, outcome] of await this.#inHalves(way, rest, inline, settings)) outcomes.set(pending, outcome);
          break;
        }
        const sent = await this.#once(rest, plan, settings, way === "batch" ? batchLockMs : waitingLockMs);
        for (const [index, pending] of rest.entries()) outcomes.set(pending, sent[index] ?? { kind: "blocked" });
        break;
      } catch (error) {
        if (!(error instanceof InlineFailure)) throw error;
        const culprit = error.append === undefined ? (rest.length === 1 ? rest[0] : undefined) : rest[error.append];
        if (!culprit) {
          failures = mostFailures;
          continue;
        }
        outcomes.set(culprit, refusal(error));
        rest = rest.filter((pending) => pending !== culprit);
      }
    }
    return batch.map((pending) => outcomes.get(pending) ?? { kind: "blocked" });
  }

  /** In two transactions, one after the other. What shares a stream with one that is blocked waits behind it. */
  async #inHalves(
    way: "batch" | "waiting",
    batch: readonly PendingAppend[],
    inline: InlineProjections,
    settings: BatchSettings,
  ): Promise<ReadonlyMap<PendingAppend, Outcome>> {
    const outcomes = new Map<PendingAppend, Outcome>();
    const held = new Set<string>();
    const middle = Math.ceil(batch.length / 2);
    for (const half of [batch.slice(0, middle), batch.slice(middle)]) {
      const free = half.filter(({ keys }) => !keys.some((key) => held.has(key)));
      if (free.length === 0) continue;
      try {
        const sent = await this.send(way, free, inline, settings);
        // None of these concerns a projection.
        const settled = sent ?? (await this.#once(free, inline.plan(free.map(({ append }) => append)), settings, batchLockMs));
        for (const [index, pending] of free.entries()) outcomes.set(pending, settled[index] ?? blocked);
      } catch (error) {
        for (const [pending, { kind }] of outcomes) markWritten(kind, pending);
        throw error;
      }
      for (const pending of half) if ((outcomes.get(pending) ?? blocked).kind === "blocked") for (const key of pending.keys) held.add(key);
    }
    return outcomes;
  }

  /**
   * As `append_separately.sql`: what is blocked, or shares a stream with what is, goes on its own later. Each commits by itself, so
   * that what fails one of them must not become the answer to those before it.
   */
  async #eachAlone(batch: readonly PendingAppend[], inline: InlineProjections, settings: BatchSettings): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    const held = new Set<string>();
    for (const pending of batch) {
      let outcome: Outcome = blocked;
      try {
        if (!pending.keys.some((key) => held.has(key))) outcome = await this.#alone(pending, inline, settings);
      } catch (error) {
        if (error instanceof TidemarkError && !isTransient(error)) {
          outcome = { kind: "refused", error };
        } else {
          // All are sent again. A caller who gives up must not be told that nothing of these was written.
          for (const [index, { kind }] of outcomes.entries()) markWritten(kind, batch[index]);
          throw error;
        }
      }
      if (outcome.kind === "blocked") for (const key of pending.keys) held.add(key);
      outcomes.push(outcome);
    }
    return outcomes;
  }

  async #alone(pending: PendingAppend, inline: InlineProjections, settings: BatchSettings): Promise<Outcome> {
    try {
      pending.repeatedId = true;
      const [outcome] = await this.#once([pending], inline.plan([pending.append]), settings, carefulLockMs);
      return outcome ?? blocked;
    } catch (error) {
      if (error instanceof InlineFailure) return refusal(error);
      if (isBlocked(error) || isRepeatedId(error)) return blocked;
      if (hasCulprit(error)) return { kind: "refused", error };
      throw error;
    }
  }

  async #once(batch: readonly PendingAppend[], plan: InlinePlan, settings: BatchSettings, lockMs: number): Promise<Outcome[]> {
    const appends = batch.map((pending) => pending.append);
    const checkIds = batch.some((pending) => pending.checkIds);
    const waits = lockMs === waitingLockMs;
    const call =
      (waits ? undefined : leanCall(this.#statements, batch, settings)) ??
      batchCall(waits ? this.#statements.joined : this.#statements.inline, appends, checkIds, settings);
    const append: InlineAppend = { appends, plan, call, settings, lockMs };
    try {
      const outcomes = plan.runsHandlers ? undefined : await inlineExchange(this.#database, this.#statements, append);
      return outcomes ?? (await this.#database.transaction((session) => inlineAppend(session, this.#statements, append)));
    } catch (error) {
      // Only its ids, sent again, can tell.
      throw isTidemarkError(error, "OUTCOME_UNKNOWN") ? error.cause : error;
    }
  }
}

const blocked: Outcome = { kind: "blocked" };

function refusal({ cause }: InlineFailure): Outcome {
  if (cause instanceof TidemarkError) return { kind: "refused", error: cause };
  return { kind: "refused", error: new DatabaseError("A projection failed with what is no error.", { sqlState: "XX000", cause }) };
}
