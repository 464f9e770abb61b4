import type { EventDecoder } from "../catalogue/event-codec.ts";
import { HandlerFailedError } from "../errors/following.ts";
import type { Anchor, FollowedBatch } from "../feed/follow.ts";
import type { RecordedEvent } from "../model/event.ts";
import { errorDetails } from "../database/error-details.ts";
import { EventAttempts } from "./event-attempts.ts";
import { type Delivery, deliveries, delivery, firstOf } from "./delivery.ts";
import type { ShardHooks, TryFailure } from "./follower.ts";
import { handleApart } from "./handle-apart.ts";
import { CommitRefused, HandlerTransaction } from "./handler-transaction.ts";
import { HandlerTries } from "./handler-tries.ts";
import { type Belongs, belongsTo } from "./partition.ts";
import { ShardCommits } from "./shard-commits.ts";
import type { ShardContext } from "./shard-context.ts";
import { ShardTracing } from "./shard-tracing.ts";

/** Handles the events of one shard, in order: each until it succeeded or was given up. */
export class ShardWork {
  readonly hooks: ShardHooks;
  readonly #shard: ShardContext;
  readonly #decode: EventDecoder["decode"];
  readonly #belongs: Belongs | undefined;
  readonly #transaction: HandlerTransaction;
  readonly #tries: HandlerTries;
  readonly #commits: ShardCommits;
  readonly #attempts: EventAttempts;
  /** The last event that was tried. */
  #tried = 0;
  /** The last call of the handler had to be awaited: the next one is timed. */
  #awaits = false;
  /** Up to this position each event has a transaction of its own: what several wrote in one could not be committed. */
  #aloneUntil = 0;

  constructor(shard: ShardContext) {
    const { worker, settings, follower, checkpoint, gate, status, host } = shard;
    this.#shard = shard;
    this.#decode = follower.decoder?.decode;
    this.#belongs = belongsTo(follower, checkpoint.shard);
    const { decode: decodeApart } = follower.decoderApart ?? { decode: this.#decode };
    this.#transaction = new HandlerTransaction({ ...worker, leaseMs: settings.leaseMs, notify: () => worker.feed.notify() }, checkpoint);
    const trace = new ShardTracing({ store: worker.traced, tenant: settings.tenant }, follower, checkpoint.shard);
    this.#tries = new HandlerTries(worker.database, follower, checkpoint.shard, { transaction: this.#transaction, trace });
    const settled = (): void => worker.progress.moved(settings.tenant, follower.name);
    const moved = (): void => {
      shard.counts.moved(shard.follower);
      settled();
      this.hooks.moved?.();
    };
    this.#commits = new ShardCommits(this.#transaction, checkpoint, moved, (position, work) => trace.commit(position, work));
    const hooks = follower.createHooks?.({
      tenant: settings.tenant,
      leaseMs: settings.leaseMs,
      checkpoint,
      signal: gate.signal,
      passed: (events) => {
        this.#count("handled", events);
        this.#commits.moved();
        status.enter("catching-up");
      },
      untilEnded: async () => {
        host.heartbeatSoon();
        while (!gate.ending) await gate.wait();
      },
      mayGoOn: (beforeWaiting) => gate.mayGoOn(beforeWaiting),
      handleApart: async (followed, attempt, last) => {
        const failed = await handleApart({ tries: this.#tries, transaction: this.#transaction }, delivery(followed, decodeApart, this.#belongs), attempt, last);
        if (!failed) this.#count("handled");
        return failed;
      },
      waitToRetry: (failed, waitMs) => this.#attempts.wait(failed, waitMs),
      report: (event, error, outcome) => this.#report(event, error, outcome),
      tell: (error) => settings.onError(error),
      settled,
    });
    this.hooks = hooks ?? {};
    this.#attempts = new EventAttempts(shard, this.hooks, this.#commits, (followed, attempt) => this.#try([followed], attempt));
  }

  /** Ends the handler's call now; the handler gets `reason` thrown. */
  interrupt(reason: Error): void {
    this.#tries.interrupt(reason);
    this.hooks.interrupted?.(reason);
  }

  rollback(): Promise<void> {
    return this.#transaction.rollback();
  }

  /**
   * Handles a batch. False: it had to end before all of it was handled; what was is written. `ahead` is called when all was
   * handled and the checkpoint is on its way: the decoding of the next batch meanwhile waits for nothing.
   */
  async handle({ events: stored, anchor }: FollowedBatch, ahead: () => void): Promise<boolean> {
    const events = deliveries(stored, this.#decode, this.#belongs);
    for (;;) {
      this.#commits.begin();
      try {
        return await this.#handleRest(events, anchor, ahead);
      } catch (error) {
        // Up to there a refused commit is from now on the failure of its event, so that it does not come here again.
        if (!(error instanceof CommitRefused) || this.#aloneUntil >= this.#tried) throw error;
        this.#aloneUntil = this.#tried;
      }
    }
  }

  /** Handles what of a batch comes after the checkpoint. */
  async #handleRest(events: readonly Delivery[], anchor: Anchor, ahead: () => void): Promise<boolean> {
    const { gate, checkpoint } = this.#shard;
    let oneByOneUntil = 0;
    const first = events.findIndex(({ event }) => event.position > checkpoint.written.position);
    for (let at = first === -1 ? events.length : first; at < events.length;) {
      if (!gate.free && !(await gate.mayGoOn(() => this.#commits.commit()))) {
        await this.#commits.commit();
        return false;
      }
      const [next, ...others] = this.#group(events, at, oneByOneUntil);
      if (!next) break;
      if (this.hooks.holdsBack?.(next.stream) && (await this.#holdBack(next))) {
        at++;
      } else if (others.length > 0) {
        const failed = await this.#try([next, ...others], 1);
        if (failed) oneByOneUntil = at + 1 + others.length;
        else at += 1 + others.length;
      } else {
        const handled = this.#attempts.handle(next);
        if (handled !== true && !(await handled)) return false;
        at++;
      }
    }
    const committing = this.#commits.commit(anchor);
    ahead();
    await committing;
    return true;
  }

  /** What is handled by one call: one event, or where the handler takes several all up to the next that is held back or cannot be decoded. */
  #group(events: readonly Delivery[], at: number, oneByOneUntil: number): readonly Delivery[] {
    if (!this.#shard.follower.inBatches || at < oneByOneUntil || events[at]?.undecodable || this.#isAlone(events[at])) return events.slice(at, at + 1);
    const end = events.findIndex(({ stream, undecodable }, index) => index > at && (undecodable !== undefined || this.hooks.holdsBack?.(stream)));
    return events.slice(at, end === -1 ? undefined : end);
  }

  /** False: it is not held back any more. */
  async #holdBack(followed: Delivery): Promise<boolean> {
    await this.#commits.commit();
    if (!(await this.hooks.holdBack?.(followed))) return false;
    this.#commits.moved();
    this.#count("parked");
    return true;
  }

  /** One try. Where it succeeds, its events count as handled, and are committed when that is due. */
  #try(group: readonly Delivery[], attempt: number): Promise<TryFailure | undefined> | undefined {
    this.#tried = group.at(-1)?.event.position ?? this.#tried;
    const began = this.#awaits ? performance.now() : undefined;
    const trying = this.#tries.try(group, attempt, this.#commits.commitBehind);
    this.#awaits = trying !== undefined;
    if (!trying) return this.#passed(group);
    return trying.then((failed) => {
      if (began !== undefined) this.#shard.counts.called(this.#shard.follower, began);
      return failed ?? this.#passed(group);
    });
  }

  #passed(group: readonly Delivery[]): Promise<TryFailure | undefined> | undefined {
    const last = group.at(-1);
    this.#count("handled", group.length);
    if (last) this.#commits.handled(last);
    if (last && this.#isAlone(last)) return this.#commitAlone(last);
    return this.#commits.overdue ? this.#commits.commit().then(() => undefined) : undefined;
  }

  #isAlone(followed: Delivery | undefined): boolean {
    return followed !== undefined && followed.event.position <= this.#aloneUntil;
  }

  async #commitAlone(last: Delivery): Promise<TryFailure | undefined> {
    try {
      await this.#commits.commit();
      return undefined;
    } catch (error) {
      if (!(error instanceof CommitRefused)) throw error;
      this.#commits.begin();
      return { error: error.cause, event: firstOf(last), undecodable: false };
    }
  }

  #count(what: Parameters<ShardContext["counts"]["add"]>[1], events = 1): void {
    this.#shard.counts.add(this.#shard.follower, what, events);
  }

  #report(event: RecordedEvent, error: unknown, outcome: string): void {
    const { owner, shard } = this.#shard.checkpoint.shard;
    this.#shard.settings.onError(
      new HandlerFailedError({ consumer: owner, shard, position: event.position }, errorDetails(error).message, outcome, { cause: error }),
    );
  }
}
