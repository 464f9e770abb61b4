import { HandlerFailedError } from "../errors/following.ts";
import { isTidemarkError } from "../errors/errors.ts";
import type { RecordedEvent } from "../model/event.ts";
import type { Anchor, FollowedBatch, FollowedEvent } from "../feed/follow.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { CircuitBreaker } from "./circuit-breaker.ts";
import type { DefinedConsumer } from "../consumers/define-consumer.ts";
import { tell } from "./failure.ts";
import { CommitRefused, HandlerTransaction } from "./handler-transaction.ts";
import { HandlerTries, type TryFailure } from "./handler-tries.ts";
import type { WorkerParts, WorkerSettings } from "./parts.ts";
import { delayAfter } from "./retry-policy.ts";
import type { RequestedLetter, ShardLetters } from "../consumers/shard-letters.ts";
import type { ShardStatus } from "./shard-status.ts";

/** Longer than this no transaction collects events: what it locked, and the mark it holds back where it appended, go free. */
const longestMs = 100;
/** Without a transaction the checkpoint is written after each batch, and in a slow one so often. */
const checkpointEveryMs = 1_000;

/** `onFailure` said so: the shard stands still until somebody resumes it. */
export class ShardStopped extends Error {
  readonly tried: { readonly event: RecordedEvent; readonly attempt: number };

  constructor(event: RecordedEvent, attempt: number, cause: unknown) {
    super("stopped", { cause });
    this.tried = { event, attempt };
  }
}

/** What the work asks of who runs it. */
export interface WorkGate {
  /** Whether `mayGoOn` would say true at once. */
  readonly free: boolean;
  /** Waits while the shard is paused or its lease unsure. False: it must end. Called where nothing is half done. */
  mayGoOn(beforeWaiting: () => Promise<void>): Promise<boolean>;
  /** False: it must end. */
  sleep(ms: number): Promise<boolean>;
}

/** Handles the events of one shard, in order: each until it succeeded or was given up. */
export class ShardWork {
  readonly #parts: WorkerParts;
  readonly #settings: WorkerSettings;
  readonly #consumer: DefinedConsumer;
  readonly #checkpoint: Checkpoint;
  readonly #letters: ShardLetters;
  readonly #status: ShardStatus;
  readonly #gate: WorkGate;
  readonly #transaction: HandlerTransaction;
  readonly #tries: HandlerTries;
  readonly #breaker: CircuitBreaker;
  /** The last event that was handled, whose checkpoint may not be written yet. */
  #handled: Anchor;
  #writtenAt = performance.now();
  /** The last event that was tried. */
  #tried = 0;
  /** Up to this position each event has a transaction of its own: what several wrote in one could not be committed. */
  #aloneUntil = 0;

  constructor(
    parts: WorkerParts,
    settings: WorkerSettings,
    shard: { readonly consumer: DefinedConsumer; readonly checkpoint: Checkpoint; readonly letters: ShardLetters; readonly status: ShardStatus },
    gate: WorkGate,
  ) {
    this.#parts = parts;
    this.#settings = settings;
    this.#consumer = shard.consumer;
    this.#checkpoint = shard.checkpoint;
    this.#letters = shard.letters;
    this.#status = shard.status;
    this.#gate = gate;
    this.#handled = shard.checkpoint.written;
    this.#breaker = new CircuitBreaker(shard.consumer.settings.circuitBreaker?.failures);
    this.#transaction = new HandlerTransaction({ ...parts, leaseMs: settings.leaseMs, notify: () => parts.feed.notify() }, shard.checkpoint);
    this.#tries = new HandlerTries(parts, settings, shard.consumer, shard.checkpoint, this.#transaction);
  }

  /** Ends the handler's call now; whoever handles gets `reason` thrown. */
  interrupt(reason: unknown): void {
    this.#tries.interrupt(reason);
  }

  rollback(): Promise<void> {
    return this.#transaction.rollback();
  }

  /**
   * Handles a batch. False: it had to end before all of it was handled; what was is written. `ahead` is called when all was
   * handled and the checkpoint is on its way: whoever decodes the next batch meanwhile waits for nobody.
   */
  async handle(batch: FollowedBatch, ahead: () => void): Promise<boolean> {
    for (;;) {
      this.#handled = this.#checkpoint.written;
      try {
        return await this.#handleRest(batch, ahead);
      } catch (error) {
        // Up to there a refused commit is from now on the failure of its event, so that it does not come here again.
        if (!(error instanceof CommitRefused) || this.#aloneUntil >= this.#tried) throw error;
        this.#aloneUntil = this.#tried;
      }
    }
  }

  /** Handles what of a batch comes after the checkpoint. */
  async #handleRest({ events, anchor }: FollowedBatch, ahead: () => void): Promise<boolean> {
    let oneByOneUntil = 0;
    const first = events.findIndex(({ event }) => event.position > this.#checkpoint.written.position);
    for (let at = first === -1 ? events.length : first; at < events.length;) {
      if (!this.#gate.free && !(await this.#gate.mayGoOn(() => this.#commit()))) {
        await this.#commit();
        return false;
      }
      const [next, ...others] = this.#group(events, at, oneByOneUntil);
      if (!next) break;
      if (this.#letters.has(next.stream) && (await this.#parkBehind(next))) {
        at++;
      } else if (others.length > 0) {
        const failed = await this.#try([next, ...others], 1);
        if (failed) oneByOneUntil = at + 1 + others.length;
        else at += 1 + others.length;
      } else {
        const handled = this.#handleOne(next);
        if (handled !== true && !(await handled)) return false;
        at++;
      }
    }
    const committing = this.#commit(anchor);
    ahead();
    await committing;
    return true;
  }

  /** What is handled by one call: one event, or for `handleBatch` all up to the next that waits behind a dead letter. */
  #group(events: readonly FollowedEvent[], at: number, oneByOneUntil: number): readonly FollowedEvent[] {
    if (!this.#consumer.settings.inBatches || at < oneByOneUntil || this.#isAlone(events[at])) return events.slice(at, at + 1);
    const end = events.findIndex(({ stream }, index) => index > at && this.#letters.has(stream));
    return events.slice(at, end === -1 ? undefined : end);
  }

  /** False: its stream has no dead letter any more. */
  async #parkBehind(followed: FollowedEvent): Promise<boolean> {
    await this.#commit();
    if (!(await this.#letters.parkBehind(followed))) return false;
    this.#moved();
    return true;
  }

  /** Handles an event until it succeeded or was given up. False: it had to end before. */
  #handleOne(followed: FollowedEvent): true | Promise<boolean> {
    const failed = this.#try([followed], 1);
    if (failed) return this.#handleOn(followed, failed);
    this.#breaker.succeeded();
    return true;
  }

  async #handleOn(followed: FollowedEvent, first: Promise<TryFailure | undefined>): Promise<boolean> {
    let failed = await first;
    for (let attempt = 1; ; failed = await this.#try([followed], ++attempt)) {
      if (!failed) {
        this.#breaker.succeeded();
        return true;
      }
      // Nothing is open while the next try is waited for, and what was handled before this event stands.
      await this.#commit();
      const waitMs = await this.#waitOrGiveUp(followed, attempt, failed.error);
      if (waitMs === undefined) return true;
      this.#status.retrying(failed.error, { event: followed.event, attempt }, waitMs);
      if (!(await this.#gate.sleep(waitMs))) return false;
    }
  }

  /** How long to wait for the next try; undefined: the event was given up. */
  async #waitOrGiveUp(followed: FollowedEvent, attempt: number, error: unknown): Promise<number | undefined> {
    const { retry, circuitBreaker, onFailure } = this.#consumer.settings;
    // A handler that ends its transaction does so again.
    if (attempt < retry.attempts && !isTidemarkError(error, "TRANSACTION_ENDED")) return delayAfter(retry, attempt);
    const { event } = followed;
    let choice: ReturnType<typeof onFailure>;
    try {
      choice = onFailure(error, event, attempt);
    } catch (thrown) {
      throw new ShardStopped(event, attempt, thrown);
    }
    if (choice === "retry") return delayAfter(retry, attempt);
    if (choice !== "skip" && choice !== "dead-letter") throw new ShardStopped(event, attempt, error);
    if (this.#breaker.open && circuitBreaker) {
      this.#report(
        event,
        error,
        `The ${circuitBreaker.failures} events before it failed too, so it is held and tried again every ${circuitBreaker.resetMs} ms.`,
      );
      return circuitBreaker.resetMs;
    }
    await this.#letters.park(followed, choice === "skip" ? "skipped" : "failed", attempt, tell(error));
    this.#moved();
    this.#breaker.gaveUp();
    this.#report(event, error, choice === "skip" ? "It was skipped, with a record among the dead letters." : "It is a dead letter now.");
    return undefined;
  }

  /** Tries a dead letter again, as often as an event. False: it had to end before. */
  async handleLetter(letter: RequestedLetter): Promise<boolean> {
    const event = await this.#letters.read(letter.position);
    const { retry } = this.#consumer.settings;
    const gone = new Error(`No event stands at position ${letter.position} any more.`);
    for (let attempt = 1; ; attempt++) {
      const failed = event ? await this.#tryLetter(letter, event, attempt) : { error: gone };
      if (!failed) return true;
      await this.#transaction.rollback();
      if (!event || attempt >= retry.attempts || isTidemarkError(failed.error, "TRANSACTION_ENDED")) {
        await this.#letters.failedAgain(letter, attempt, tell(failed.error));
        if (event) this.#report(event, failed.error, "It stays a dead letter.");
        return true;
      }
      const waitMs = delayAfter(retry, attempt);
      this.#status.retrying(failed.error, { event, attempt }, waitMs);
      if (!(await this.#gate.sleep(waitMs))) return false;
    }
  }

  async #tryLetter(letter: RequestedLetter, event: RecordedEvent, attempt: number): Promise<TryFailure | undefined> {
    const failed = await this.#tries.try([{ event, stream: letter.stream }], attempt, this.#commitBehind);
    return failed ?? (await failureOf(() => this.#settleLetter(letter)));
  }

  /** One try. Where it succeeds, its events count as handled, and are committed when that is due. */
  #try(group: readonly FollowedEvent[], attempt: number): Promise<TryFailure | undefined> | undefined {
    this.#tried = group.at(-1)?.event.position ?? this.#tried;
    const trying = this.#tries.try(group, attempt, this.#commitBehind);
    return trying ? trying.then((failed) => failed ?? this.#passed(group)) : this.#passed(group);
  }

  #passed(group: readonly FollowedEvent[]): Promise<TryFailure | undefined> | undefined {
    const last = group.at(-1);
    if (last) this.#handled = { position: last.event.position, id: last.event.id };
    if (this.#isAlone(last)) return this.#commitAlone();
    return this.#overdue() ? this.#commit().then(() => undefined) : undefined;
  }

  #isAlone(followed: FollowedEvent | undefined): boolean {
    return followed !== undefined && followed.event.position <= this.#aloneUntil;
  }

  async #commitAlone(): Promise<TryFailure | undefined> {
    const failed = await failureOf(() => this.#commit());
    if (failed) this.#handled = this.#checkpoint.written;
    return failed;
  }

  async #settleLetter(letter: RequestedLetter): Promise<void> {
    const discarded = new Error("discarded");
    try {
      await this.#transaction.commitWith(async (queryable) => {
        if (!(await this.#letters.settle(queryable, letter))) throw discarded;
      });
    } catch (error) {
      // Nobody wants it any more: what the handler wrote was rolled back.
      if (error !== discarded) throw error;
    }
  }

  /** Commits what earlier events wrote while a handler works on something else. */
  readonly #commitBehind = async (unless: () => boolean): Promise<void> => {
    await this.#transaction.commit(this.#handled, unless);
    this.#moved();
  };

  #overdue(): boolean {
    const { openMs } = this.#transaction;
    return openMs === undefined ? performance.now() - this.#writtenAt > checkpointEveryMs : openMs > longestMs;
  }

  async #commit(to: Anchor = this.#handled): Promise<void> {
    await this.#transaction.commit(to);
    this.#moved();
  }

  #moved(): void {
    if (this.#checkpoint.written.position > this.#handled.position) this.#handled = this.#checkpoint.written;
    this.#writtenAt = performance.now();
    this.#parts.progress.moved(this.#settings.tenant, this.#consumer.name);
  }

  #report(event: RecordedEvent, error: unknown, what: string): void {
    const { owner, shard } = this.#checkpoint.shard;
    this.#settings.onError(new HandlerFailedError({ consumer: owner, shard, position: event.position }, tell(error).message, what, { cause: error }));
  }
}

/** A commit that was refused, of one event's transaction, as the failure of that event. */
async function failureOf(commit: () => Promise<void>): Promise<TryFailure | undefined> {
  try {
    await commit();
    return undefined;
  } catch (error) {
    if (error instanceof CommitRefused) return { error: error.cause };
    throw error;
  }
}
