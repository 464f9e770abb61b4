import { retry } from "../async/retry.ts";
import type { Database, QueryOptions } from "../database/database.ts";
import { batchCall, leanCall } from "./append-call.ts";
import type { AppendCounters } from "./append-counters.ts";
import type { BatchSettings } from "./batch.ts";
import { isTransient, isUnanswered } from "./failure.ts";
import type { Gate } from "./gate.ts";
import { InlineSender } from "./inline-sender.ts";
import type { Outcome } from "./outcome.ts";
import { markWritten, type PendingAppend } from "./pending-append.ts";
import type { AppendStatements } from "./statements.ts";

export interface SenderSettings {
  readonly durability: "on" | "off" | null;
  readonly now: (() => Date) | undefined;
  /** How long refusals are retried, and how long an unanswered append is resolved. */
  readonly connectionTimeoutMs: number;
  readonly counters: AppendCounters;
}

/** One that needs no other try here. */
export type SettledOutcome = Exclude<Outcome, { readonly kind: "outdated" }>;

/** Sends appends to the database until it has answered. */
export class Sender {
  readonly #database: Database;
  readonly #statements: AppendStatements;
  readonly #settings: SenderSettings;
  readonly #gate: Gate;
  readonly #inline: InlineSender;

  constructor(database: Database, statements: AppendStatements, settings: SenderSettings, gate: Gate) {
    this.#gate = gate;
    this.#inline = new InlineSender(database, statements);
    this.#database = database;
    this.#statements = statements;
    this.#settings = settings;
  }

  /**
   * The outcome of each append. A refusal that passes, and a lost connection, are tried again within the connection
   * time-out: under the same ids, which are looked up once a try was never answered, so that nothing is written twice.
   */
  async send(way: "batch" | "separately" | "waiting", batch: readonly PendingAppend[], options?: QueryOptions): Promise<SettledOutcome[]> {
    const attempt = async (): Promise<SettledOutcome[]> => {
      try {
        return await this.#sendInEpoch(way, batch, options);
      } catch (error) {
        if (isUnanswered(error)) for (const pending of batch) pending.unanswered = true;
        throw error;
      }
    };
    const goesOn = (error: unknown): boolean => isTransient(error) && !options?.signal?.aborted;
    this.#settings.counters.sent(batch.length);
    try {
      return await attempt();
    } catch (error) {
      if (!goesOn(error)) throw error;
      this.#settings.counters.retried();
    }
    // Without the signal: between two tries the outcome is unknown, and an abort says nothing of it.
    const { connectionTimeoutMs } = this.#settings;
    return await retry(attempt, {
      firstMs: 20,
      mostMs: 500,
      withinMs: connectionTimeoutMs > 0 ? connectionTimeoutMs : undefined,
      retryable: goesOn,
      onRetry: () => this.#settings.counters.retried(),
    });
  }

  /** The outcomes under the projections' epoch as it is: where it changed, the same appends again. */
  async #sendInEpoch(way: "batch" | "separately" | "waiting", batch: readonly PendingAppend[], options?: QueryOptions): Promise<SettledOutcome[]> {
    for (;;) {
      const outcomes = await this.#sendOnce(way, batch, options);
      const settled = outcomes.filter((outcome) => outcome.kind !== "outdated");
      if (settled.length === outcomes.length) return settled;
      // It changed between two of them, each in a subtransaction of its own: those before were written.
      if (settled.length > 0) for (const pending of batch) pending.repeatedId = true;
      for (const [index, { kind }] of outcomes.entries()) markWritten(kind, batch[index]);
      await this.#gate.reload();
    }
  }

  async #sendOnce(way: "batch" | "separately" | "waiting", batch: readonly PendingAppend[], options?: QueryOptions): Promise<Outcome[]> {
    const { now, durability } = this.#settings;
    const settings: BatchSettings = { recordedAt: now ? now().toISOString() : null, durability, epoch: this.#gate.epoch };
    const { inline } = this.#gate;
    const written = inline && (await this.#inline.send(way, batch, inline, settings));
    if (written) return written;
    const { statement, values, outcomes } =
      (way === "batch" ? leanCall(this.#statements, batch, settings) : undefined) ??
      batchCall(
        this.#statements[way],
        batch.map((pending) => pending.append),
        batch.some((pending) => pending.checkIds),
        settings,
      );
    return outcomes(await this.#database.query(statement, values, options));
  }
}
