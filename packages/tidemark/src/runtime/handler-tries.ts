import { HandlerTimeoutError } from "../errors/following.ts";
import { isTidemarkError } from "../errors/errors.ts";
import type { FollowedEvent } from "../feed/follow.ts";
import { type CallFailure, HandlerCall } from "./call-handler.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { HandlerContext } from "../consumers/context.ts";
import type { DefinedConsumer } from "../consumers/define-consumer.ts";
import { tell } from "./failure.ts";
import { NotFollowed } from "../projections/go-live.ts";
import { HandlerScope } from "./handler-scope.ts";
import type { HandlerTransaction } from "./handler-transaction.ts";
import type { WorkerParts, WorkerSettings } from "./parts.ts";

/** Where a transaction stays open behind a handler that works on something else for longer, it is committed meanwhile. */
const meanwhileMs = 50;

/** Why a try did not succeed: whatever the handler threw. */
export interface TryFailure {
  readonly error: unknown;
}

/** Commits what earlier events wrote, unless the callback, asked when its turn has come, says otherwise. */
type CommitBehind = (unless: () => boolean) => Promise<void>;

/** Calls the handler of one shard, one call at a time: each has a scope of its own, which ends with it. */
export class HandlerTries {
  readonly #parts: WorkerParts;
  readonly #settings: WorkerSettings;
  readonly #consumer: DefinedConsumer;
  readonly #checkpoint: Checkpoint;
  readonly #transaction: HandlerTransaction;
  #call: HandlerCall | undefined;

  constructor(parts: WorkerParts, settings: WorkerSettings, consumer: DefinedConsumer, checkpoint: Checkpoint, transaction: HandlerTransaction) {
    this.#parts = parts;
    this.#settings = settings;
    this.#consumer = consumer;
    this.#checkpoint = checkpoint;
    this.#transaction = transaction;
  }

  /** Ends the call now; who waits for it gets `reason` thrown. */
  interrupt(reason: unknown): void {
    this.#call?.interrupt(reason);
  }

  /**
   * One call of the handler. What it wrote stands in the open transaction, or is undone when it failed. Undefined at once:
   * it succeeded, returned no promise, and used nothing that has to be waited for.
   */
  try(group: readonly FollowedEvent[], attempt: number, commitBehind: CommitBehind): Promise<TryFailure | undefined> | undefined {
    const { settings } = this.#consumer;
    const scope = new HandlerScope(this.#transaction);
    const events = group.map(({ event }) => event);
    const context = new HandlerContext(scope, attempt, this.#checkpoint, this.#settings.createTransaction);
    const call = new HandlerCall();
    this.#call = call;
    const endMeanwhile = this.#commitMeanwhile(scope, commitBehind);
    const outcome = call.run(
      () => this.#parts.database.enclose(scope, () => settings.handle(events, context, scope)),
      settings.timeoutMs,
      () => new HandlerTimeoutError({ consumer: this.#checkpoint.shard.owner, timeoutMs: settings.timeoutMs, position: events[0]?.position ?? 0 }),
    );
    if (outcome !== undefined || scope.used || endMeanwhile) return this.#conclude(scope, outcome, endMeanwhile);
    this.#call = undefined;
    scope.end();
    return undefined;
  }

  /** What a call came to, once it has ended. */
  async #conclude(
    scope: HandlerScope,
    outcome: Promise<CallFailure | undefined> | CallFailure | undefined,
    endMeanwhile: (() => Promise<void>) | undefined,
  ): Promise<TryFailure | undefined> {
    const failure = await outcome;
    this.#call = undefined;
    try {
      await endMeanwhile?.();
    } catch (lost) {
      // All since the checkpoint is handled again, beside a handler that may still run: what it wrote would pass for the next try's.
      await this.#undo(scope, lost, failure);
      throw lost;
    }
    const error = failure ? failure.error : scope.used ? await refusalOf(scope) : undefined;
    if (error === undefined && !failure) {
      scope.end();
      return undefined;
    }
    await this.#undo(scope, error, failure);
    if (failure?.interrupted || isTidemarkError(error, "STORE_CLOSED") || error instanceof NotFollowed) throw error;
    if (scope.lost !== undefined) throw scope.lost;
    return { error };
  }

  /** Undoes what a try wrote, and refuses what it still wants to write. */
  async #undo(scope: HandlerScope, reason: unknown, failure: CallFailure | undefined): Promise<void> {
    scope.end(reason instanceof Error ? reason : new Error(tell(reason).message));
    if (failure?.running && scope.used) await this.#transaction.cancel().catch(() => {});
    await scope.undo();
  }

  /** Commits what earlier events wrote when this try takes its time without the database. Returns what ends that. */
  #commitMeanwhile(scope: HandlerScope, commitBehind: CommitBehind): (() => Promise<void>) | undefined {
    if (this.#transaction.openMs === undefined) return undefined;
    let committing: Promise<void> | undefined;
    const timer = setTimeout(() => {
      committing = commitBehind(() => scope.used);
      committing.catch(() => {});
    }, meanwhileMs).unref();
    return async () => {
      clearTimeout(timer);
      await committing;
    };
  }
}

/** The statement of a handler that returned well, but that PostgreSQL had refused. */
async function refusalOf(scope: HandlerScope): Promise<unknown> {
  try {
    await scope.settle();
    return undefined;
  } catch (refused) {
    return refused ?? new Error("refused");
  }
}
