import type { Database } from "../database/database.ts";
import { HandlerTimeoutError } from "../errors/following.ts";
import { isTidemarkError } from "../errors/errors.ts";
import type { RecordedEvent } from "../model/event.ts";
import { type CallFailure, HandlerCall } from "./call-handler.ts";
import { type Delivery, eventsOf, firstOf } from "./delivery.ts";
import { errorDetails } from "../database/error-details.ts";
import { type Follower, FollowingSuspended, type TryFailure } from "./follower.ts";
import { HandlerScope } from "./handler-scope.ts";
import type { HandlerTransaction } from "./handler-transaction.ts";
import type { HeldShard } from "./shard.ts";
import type { ShardTracing } from "./shard-tracing.ts";

/** Where a transaction stays open behind a handler that works on something else for longer, it is committed meanwhile. */
const meanwhileMs = 50;

/** Commits what earlier events wrote, unless the callback, asked when its turn has come, says otherwise. */
type CommitBehind = (unless: () => boolean) => Promise<void>;

/** What one try hands over. */
interface Handled {
  readonly events: readonly RecordedEvent[];
  /** The one that is handled now, where each is by a call of its own. */
  current: RecordedEvent;
  /** It is not awaited any more. */
  over: boolean;
}

/** Calls the handler of one shard, one call at a time: each has a scope of its own, which ends with it. */
export class HandlerTries {
  readonly #database: Database;
  readonly #follower: Follower;
  readonly #shard: HeldShard;
  readonly #transaction: HandlerTransaction;
  readonly #trace: ShardTracing;
  #call: HandlerCall | undefined;

  constructor(
    database: Database,
    follower: Follower,
    shard: HeldShard,
    { transaction, trace }: { readonly transaction: HandlerTransaction; readonly trace: ShardTracing },
  ) {
    this.#database = database;
    this.#follower = follower;
    this.#shard = shard;
    this.#transaction = transaction;
    this.#trace = trace;
  }

  /** Ends the call now; who waits for it gets `reason` thrown. */
  interrupt(reason: unknown): void {
    this.#call?.interrupt(reason);
  }

  /**
   * One call of the handler, or one for each part of an event. What it wrote stands in the open transaction, or is undone when it failed. Undefined at once:
   * it succeeded, returned no promise, and used nothing that has to be waited for.
   */
  try(group: readonly Delivery[], attempt: number, commitBehind: CommitBehind): Promise<TryFailure | undefined> | undefined {
    const [first] = group;
    if (!first) return undefined;
    if (first.undecodable) return Promise.resolve({ error: first.undecodable.error, event: first.event, undecodable: true });
    const { owner, timeoutMs, inBatches } = this.#follower;
    const scope = new HandlerScope(this.#transaction, this.#shard, attempt);
    const events = eventsOf(group);
    const call = new HandlerCall();
    this.#call = call;
    const handled: Handled = { events, current: firstOf(first), over: false };
    const endMeanwhile = this.#commitMeanwhile(scope, commitBehind);
    const outcome = this.#trace.call({ events, attempt }, () =>
      call.run(
        () => this.#database.enclose(scope, () => (inBatches || events.length === 1 ? this.#follower.handle(events, scope) : this.#handleEach(handled, scope))),
        timeoutMs,
        () => new HandlerTimeoutError({ consumer: owner, timeoutMs, position: events[0]?.position ?? 0 }),
      ),
    );
    if (outcome !== undefined || scope.used || endMeanwhile) return this.#conclude(scope, handled, outcome, endMeanwhile);
    this.#call = undefined;
    scope.end();
    return undefined;
  }

  /** The parts of one event, each by a call of its own: one try all together, so that none is handled without the others. */
  async #handleEach(handled: Handled, scope: HandlerScope): Promise<void> {
    for (const event of handled.events) {
      // Its time was up while the part before was handled.
      if (handled.over) return;
      handled.current = event;
      await this.#follower.handle([event], scope);
    }
  }

  /** What a call came to, once it has ended. */
  async #conclude(
    scope: HandlerScope,
    handled: Handled,
    outcome: Promise<CallFailure | undefined> | CallFailure | undefined,
    endMeanwhile: (() => Promise<void>) | undefined,
  ): Promise<TryFailure | undefined> {
    const failure = await outcome;
    handled.over = true;
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
    // Its time went by before the database let it begin: on a busy machine eight such tries would make any event a dead letter.
    const waited = failure?.running === true && scope.waiting;
    await this.#undo(scope, error, failure);
    if (waited || failure?.interrupted || isTidemarkError(error, "STORE_CLOSED") || error instanceof FollowingSuspended) throw error;
    if (scope.lost !== undefined) throw scope.lost;
    return { error, event: handled.current, undecodable: false };
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
