import { hasCulprit } from "./failure.ts";
import type { PendingAppend } from "./pending-append.ts";
import type { SettledOutcome } from "./sender.ts";

/** So often an append whose claim another transaction holds only tries; then it waits. */
const tries = 3;
/** Of appends that run in a subtransaction each. See `append_separately.sql`. */
const carefulLimit = 64;

/** What a batch needs of those who have the queue and the connections. */
interface BatchParts {
  readonly send: (way: "batch" | "separately", appends: readonly PendingAppend[]) => Promise<readonly SettledOutcome[]>;
  /** Frees the streams of an append, and then settles it. */
  readonly finish: (pending: PendingAppend, settle: () => void) => void;
  /** Has it wait on a connection of its own for what another transaction holds. */
  readonly letWait: (pending: PendingAppend) => void;
  /** Has them queue again, where they were. */
  readonly putBack: (again: readonly PendingAppend[]) => void;
}

/** Runs batches. Where PostgreSQL refuses one as a whole, each of its appends runs by itself; those that are blocked wait or come again. */
export class BatchRun {
  readonly #parts: BatchParts;

  constructor(parts: BatchParts) {
    this.#parts = parts;
  }

  /** Settles each of its appends, or leaves it to one of the others. */
  async run(batch: readonly PendingAppend[]): Promise<void> {
    try {
      const outcomes = await this.#parts.send("batch", batch);
      const refused: PendingAppend[] = [];
      for (const [index, pending] of batch.entries()) {
        const outcome = outcomes[index];
        if (outcome && outcome.kind !== "blocked") this.#parts.finish(pending, () => pending.settle(outcome));
        else refused.push(pending);
      }
      this.#tryAgain(refused);
    } catch (error) {
      if (hasCulprit(error)) await this.#carefully(batch);
      else for (const pending of batch) this.#parts.finish(pending, () => pending.fail(error));
    }
  }

  async #carefully(batch: readonly PendingAppend[]): Promise<void> {
    const blocked: PendingAppend[] = [];
    /** They share a stream with one that is blocked, and would overtake it. */
    const again: PendingAppend[] = [];
    const held = new Set<string>();
    const leave = (pending: PendingAppend): void => {
      (pending.keys.some((key) => held.has(key)) ? again : blocked).push(pending);
      for (const key of pending.keys) held.add(key);
    };
    for (let from = 0; from < batch.length; from += carefulLimit) {
      const chunk: PendingAppend[] = [];
      for (const pending of batch.slice(from, from + carefulLimit)) {
        if (pending.keys.some((key) => held.has(key))) leave(pending);
        else chunk.push(pending);
      }
      if (chunk.length === 0) continue;
      try {
        const outcomes = await this.#parts.send("separately", chunk);
        for (const [index, pending] of chunk.entries()) {
          const outcome = outcomes[index];
          if (outcome && outcome.kind !== "blocked") this.#parts.finish(pending, () => pending.settle(outcome));
          else leave(pending);
        }
      } catch (error) {
        for (const pending of chunk) this.#parts.finish(pending, () => pending.fail(error));
      }
    }
    for (const pending of blocked) this.#parts.letWait(pending);
    this.#parts.putBack(again);
  }

  /** Appends of one batch that other transactions keep from a claim: none may overtake another on a stream. */
  #tryAgain(refused: readonly PendingAppend[]): void {
    const patient = new Set<string>();
    const again: PendingAppend[] = [];
    for (const pending of refused) {
      const behind = pending.keys.some((key) => patient.has(key));
      if (!behind && ++pending.refusals >= tries) {
        for (const key of pending.keys) patient.add(key);
        this.#parts.letWait(pending);
      } else again.push(pending);
    }
    this.#parts.putBack(again);
  }
}
