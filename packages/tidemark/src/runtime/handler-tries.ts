import type { Database } from "../database/database.ts";
import { HandlerTimeoutError } from "../errors/following.ts";
import { isTidemarkError } from "../errors/errors.ts";
import type { FollowedEvent } from "../feed/follow.ts";
import { type CallFailure, HandlerCall } from "./call-handler.ts";
import { errorDetails } from "./error-details.ts";
import { type Follower, FollowingSuspended, type TryFailure } from "./follower.ts";
import { HandlerScope } from "./handler-scope.ts";
import type { HandlerTransaction } from "./handler-transaction.ts";
import type { HeldShard } from "./shard.ts";

/** Where a transaction stays open behind a handler that works on something else for longer, it is committed meanwhile. */
const meanwhileMs = 50;

/** Commits what earlier events wrote, unless the callback, asked when its turn has come, says otherwise. */
type CommitBehind = (unless: () => boolean) => Promise<void>;

/** Calls the handler of one shard, one call at a time: each has a scope of its own, which ends with it. */
export class HandlerTries {
  readonly #database: Database;
  readonly #follower: Follower;
  readonly #shard: HeldShard;
  readonly #transaction: HandlerTransaction;
  #call: HandlerCall | undefined;

  constructor(database: Database, follower: Follower, shard: HeldShard, transaction: HandlerTransaction) {
    this.#database = database;
    this.#follower = follower;
    this.#shard = shard;
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
    const { owner, timeoutMs } = this.#follower;
    const scope = new HandlerScope(this.#transaction, this.#shard, attempt);
    const events = group.map(({ event }) => event);
    const call = new HandlerCall();
    this.#call = call;
    const endMeanwhile = this.#commitMeanwhile(scope, commitBehind);
    const outcome = call.run(
      () => this.#database.enclose(scope, () => this.#follower.handle(events, scope)),
      timeoutMs,
      () => new HandlerTimeoutError({ consumer: owner, timeoutMs, position: events[0]?.position ?? 0 }),
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
    if (failure?.interrupted || isTidemarkError(error, "STORE_CLOSED") || error instanceof FollowingSuspended) throw error;
    if (scope.lost !== undefined) throw scope.lost;
    return { error };
  }

  /** Undoes what a try wrote, and refuses what it still wants to write. */
  async #undo(scope: HandlerScope, reason: unknown, failure: CallFailure | undefined): Promise<void> {
    scope.end(reason instanceof Error ? reason : new Error(errorDetails(reason).message));
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
