import { isTidemarkError } from "../errors/errors.ts";
import type { Delivery } from "./delivery.ts";
import type { FailedEvent, ShardHooks, TryFailure } from "./follower.ts";
import { delayAfter } from "./retry-policy.ts";
import type { ShardCommits } from "./shard-commits.ts";
import type { ShardContext } from "./shard-context.ts";
import { ShardStopped } from "./shard-stopped.ts";

/** Undefined at once: the event was handled, and nothing has to be waited for. */
type TryOnce = (followed: Delivery, attempt: number) => Promise<TryFailure | undefined> | undefined;

/** Handles single events of one shard: each until it succeeded or was given up. */
export class EventAttempts {
  readonly #shard: ShardContext;
  readonly #hooks: ShardHooks;
  readonly #commits: ShardCommits;
  readonly #try: TryOnce;

  constructor(shard: ShardContext, hooks: ShardHooks, commits: ShardCommits, tryOnce: TryOnce) {
    this.#shard = shard;
    this.#hooks = hooks;
    this.#commits = commits;
    this.#try = tryOnce;
  }

  /** False: the shard had to end before. */
  handle(followed: Delivery): true | Promise<boolean> {
    const failed = this.#try(followed, 1);
    if (failed) return this.#handleOn(followed, failed);
    this.#hooks.handled?.();
    return true;
  }

  async #handleOn(followed: Delivery, first: Promise<TryFailure | undefined>): Promise<boolean> {
    let failed = await first;
    for (let attempt = 1; ; failed = await this.#try(followed, ++attempt)) {
      if (!failed) {
        this.#hooks.handled?.();
        return true;
      }
      // Nothing is open while the next try is waited for, and what was handled before this event stands.
      await this.#commits.commit();
      const failure = { ...failed, followed, attempt };
      const waitMs = await this.#waitOrGiveUp(failure);
      if (waitMs === undefined) return true;
      if (!(await this.wait(failure, waitMs))) return false;
    }
  }

  /** How long to wait for the next try; undefined: the event was given up. */
  async #waitOrGiveUp(failed: FailedEvent): Promise<number | undefined> {
    const { followed, attempt, error, undecodable } = failed;
    const { retry } = this.#shard.follower;
    // A handler that ends its transaction does so again, and what cannot be decoded stays so until other code comes.
    if (attempt < retry.attempts && !undecodable && !isTidemarkError(error, "TRANSACTION_ENDED")) return delayAfter(retry, attempt);
    const decision = (await this.#hooks.giveUp?.(failed)) ?? { action: "stop", cause: error };
    if (decision.action === "stop") throw new ShardStopped(followed.event, attempt, decision.cause, undecodable);
    if (decision.action === "retry") return decision.afterMs;
    this.#commits.moved();
    this.#shard.counts.add(this.#shard.follower, "parked", 1);
    return undefined;
  }

  /** Waits before the next attempt, and has heartbeats tell of it. False: the shard must end. */
  async wait({ followed: { event }, attempt, error }: FailedEvent, waitMs: number): Promise<boolean> {
    this.#shard.status.retrying(error, { event, attempt }, waitMs);
    this.#shard.counts.add(this.#shard.follower, "retried", 1);
    return await this.#shard.gate.sleep(waitMs);
  }
}
