import { setTimeout as delay } from "node:timers/promises";
import { type Backoff, backoffMs } from "../async/retry.ts";
import type { TidemarkError } from "../errors/tidemark-error.ts";
import { FencedError, HandlerFailedError, HistoryForkedError } from "../errors/following.ts";
import { StoreClosedError } from "../errors/errors.ts";
import type { FollowedBatch } from "../feed/follow.ts";
import { Checkpoint, CheckpointAhead, CheckpointBehind } from "./checkpoint.ts";
import type { DefinedConsumer } from "../consumers/define-consumer.ts";
import { asTidemarkError, tell } from "./failure.ts";
import type { WorkerParts, WorkerSettings } from "./parts.ts";
import type { HeldShard } from "./shard.ts";
import { ShardLetters } from "../consumers/shard-letters.ts";
import { ShardStatus } from "./shard-status.ts";
import { NotFollowed } from "../projections/go-live.ts";
import { ShardGate } from "./shard-gate.ts";
import { ShardStopped, ShardWork } from "./shard-work.ts";

/** What a shard's runner asks of the worker. */
export interface RunnerHost {
  /** Something that a heartbeat should soon tell or ask. */
  readonly heartbeatSoon: () => void;
  /** Sends a heartbeat, and resolves when it has arrived, or failed. */
  readonly heartbeatNow: () => Promise<void>;
  /** A checkpoint passed filtered-out events only; write it with those of other shards. */
  readonly idled: () => void;
}

const retryBackoff: Backoff = { firstMs: 100, mostMs: 5_000 };
/** So long at most a failure is kept back until the database has heard of it. */
const mostTellingMs = 1_000;
const goLiveBackoff: Backoff = { firstMs: 100, mostMs: 60_000 };

/**
 * Works on one shard from takeover to release: follows the log, has its events handled, waits out outages, and stands still
 * where it must not go on.
 */
export class ShardRunner {
  readonly shard: HeldShard;
  readonly checkpoint: Checkpoint;
  readonly status: ShardStatus;
  readonly #parts: WorkerParts;
  readonly #settings: WorkerSettings;
  readonly #consumer: DefinedConsumer;
  readonly #host: RunnerHost;
  readonly #letters: ShardLetters;
  readonly #work: ShardWork;
  readonly #gate: ShardGate;
  #retryLetters = true;
  #failures = 0;
  #caughtUp = false;
  /** An inline projection went live: nothing is left to follow. */
  #live = false;
  #nextGoLive = 0;
  #goLiveFailures = 0;
  /** A batch or a letter is being handled, so that the checkpoint must not be moved from outside. */
  busy = false;
  /** The checkpoint is being moved from outside. */
  flushing: Promise<void> | undefined;
  /** Resolves when nothing of it runs any more. */
  readonly done: Promise<void>;
  /** Why it stands still; undefined while it works. */
  failed: TidemarkError | undefined;

  constructor(parts: WorkerParts, settings: WorkerSettings, consumer: DefinedConsumer, shard: HeldShard, host: RunnerHost) {
    this.shard = shard;
    this.#parts = parts;
    this.#settings = settings;
    this.#consumer = consumer;
    this.#host = host;
    this.checkpoint = new Checkpoint(shard, parts.statements);
    this.status = new ShardStatus(host.heartbeatSoon);
    this.#gate = new ShardGate(shard.validUntil, this.status, host.heartbeatSoon);
    this.#letters = new ShardLetters(parts, settings.tenant, this.checkpoint);
    this.#work = new ShardWork(parts, settings, { consumer, checkpoint: this.checkpoint, letters: this.#letters, status: this.status }, this.#gate);
    this.done = this.#run();
  }

  get ending(): boolean {
    return this.#gate.ending;
  }

  /** The lease goes on. */
  renewed(validUntil: number): void {
    this.#gate.renewed(validUntil);
  }

  set paused(paused: boolean) {
    this.#gate.paused = paused;
  }

  /** A dead letter of this consumer is to be tried again. */
  retryLetters(): void {
    this.#retryLetters = true;
    this.#gate.wakeUp();
  }

  /** Whether it ended, or ends, with the shard still held: whoever retired it gives the shard back. */
  retired = false;

  /** Ends after the event in hand, with the checkpoint written. */
  retire(): Promise<void> {
    this.retired = true;
    this.#gate.end(new Error("retired"));
    return this.done;
  }

  /** Ends now: the shard is somebody else's, or the time to stop is over. */
  abandon(reason: Error): Promise<void> {
    this.#gate.end(reason);
    this.#work.interrupt(reason);
    return this.done;
  }

  async #run(): Promise<void> {
    while (!this.ending) {
      try {
        if (this.#consumer.settings.goLive && !(await this.#mayFollow())) continue;
        await this.#letters.load();
        await this.#follow();
      } catch (error) {
        await this.#work.rollback();
        this.busy = false;
        if (this.ending) return;
        await this.#recover(error);
      }
    }
  }

  /** Whether an inline projection has to be followed; it has not while appends write it, or somebody paused it. */
  async #mayFollow(): Promise<boolean> {
    this.#live = false;
    await this.#gate.waitUntilAllowed();
    if (this.ending) return false;
    // Appends wrote it meanwhile: it goes on where they ended.
    await this.checkpoint.reload(this.#parts.database);
    return !this.#gate.paused && !(await this.#wentLive());
  }

  /** Tries to have an inline projection written by appends from now on. */
  async #wentLive(): Promise<boolean> {
    const { goLive } = this.#consumer.settings;
    if (!goLive || this.#gate.paused || performance.now() < this.#nextGoLive) return false;
    this.#live = await this.#exclusively(() => goLive.attempt(this.checkpoint, this.#settings.leaseMs));
    this.#goLiveFailures = this.#live ? 0 : this.#goLiveFailures + 1;
    this.#nextGoLive = performance.now() + backoffMs(goLiveBackoff, this.#goLiveFailures + 1);
    if (this.#live) {
      this.#gate.paused = true;
      this.#parts.progress.moved(this.#settings.tenant, this.shard.consumer);
    }
    return this.#live;
  }

  async #follow(): Promise<void> {
    const { barrier, shard, of, owner } = this.shard;
    if (barrier !== undefined && this.checkpoint.written.position >= barrier) return await this.#reachedBarrier();
    const over = new AbortController();
    const batches = this.#parts.feed.follow({
      reader: owner,
      tenant: this.#consumer.settings.tenants === "all" ? undefined : this.#settings.tenant,
      filter: this.#consumer.settings.filter,
      shard: of > 1 ? { index: shard, of } : undefined,
      after: this.checkpoint.written,
      until: barrier,
      batchSize: this.#consumer.settings.batchSize,
      signal: AbortSignal.any([this.#gate.signal, over.signal]),
    });
    const iterator = batches[Symbol.asyncIterator]();
    try {
      for (let next = iterator.next(); ;) {
        const { done, value } = await this.#nextBatch(next);
        if (done) break;
        let coming: typeof next | undefined;
        const ahead = (): void => {
          coming ??= iterator.next();
          // Heard where it is awaited; until then a failure must not count as unhandled.
          coming.catch(() => {});
        };
        if (!(await this.#take(value, ahead))) return;
        if (value.caughtUp && (await this.#wentLive())) return;
        next = coming ?? iterator.next();
      }
    } finally {
      // One that waits for the log ends by its signal; what it says then no longer matters.
      over.abort();
      void iterator.return().catch(() => {});
    }
    if (this.#live) return;
    await this.#flush();
    await this.#reachedBarrier();
  }

  /** The next batch. Meanwhile, dead letters that somebody wants tried again. */
  async #nextBatch(next: Promise<IteratorResult<FollowedBatch, void>>): Promise<IteratorResult<FollowedBatch, void>> {
    const waiting = { over: false };
    const arrival = next.finally(() => {
      waiting.over = true;
    });
    arrival.catch(() => {});
    while (!waiting.over && !this.ending) {
      await this.#gate.waitUntilAllowed();
      if (this.#retryLetters) await this.#retryRequested();
      else if (!waiting.over && !this.#gate.paused) await this.#gate.wait({ other: arrival, ms: this.#untilGoLive });
      if (!waiting.over && this.#consumer.settings.goLive && (await this.#wentLive())) return { done: true, value: undefined };
    }
    return await arrival;
  }

  get #untilGoLive(): number | undefined {
    return this.#consumer.settings.goLive && Math.max(0, this.#nextGoLive - performance.now());
  }

  async #retryRequested(): Promise<void> {
    this.#retryLetters = false;
    await this.#exclusively(async () => {
      for (;;) {
        if (!(await this.#gate.mayGoOn(async () => {}))) return;
        const letter = await this.#letters.nextRequested();
        if (!letter || !(await this.#work.handleLetter(letter))) return;
      }
    });
    if (this.status.state === "retrying") this.status.state = this.#caughtUp ? "live" : "catching-up";
  }

  /** False: it ends. `ahead` has the next batch made ready while this one's checkpoint is written. */
  async #take(batch: FollowedBatch, ahead: () => void): Promise<boolean> {
    const { events, anchor, caughtUp } = batch;
    if (events.length > 0) {
      this.status.state = "catching-up";
      const whole = await this.#exclusively(() => this.#work.handle(batch, ahead));
      if (!whole) return false;
    } else {
      this.checkpoint.passed(anchor);
      if (this.checkpoint.idle) this.#host.idled();
    }
    this.#failures = 0;
    this.#caughtUp = caughtUp;
    this.status.state = caughtUp ? "live" : "catching-up";
    return true;
  }

  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    this.busy = true;
    await this.flushing;
    const result = await work();
    this.busy = false;
    // Nobody wrote it meanwhile.
    if (this.checkpoint.idle) this.#host.idled();
    return result;
  }

  /** Writes the checkpoint where only filtered-out events were passed. */
  #flush(): Promise<void> {
    return this.#exclusively(async () => {
      const { idle } = this.checkpoint;
      if (!idle) return;
      await this.checkpoint.move(this.#parts.database, idle);
      this.checkpoint.written = idle;
    });
  }

  async #reachedBarrier(): Promise<void> {
    const { database, statements } = this.#parts;
    await database.query(statements.finishShards, [this.#settings.tenant, this.shard.consumer]);
    this.#host.heartbeatSoon();
    // Until the last shard is there too; then this one is gone, and the heartbeat says so.
    while (!this.ending) await this.#gate.wait();
  }

  /** After a failure: learns where the checkpoint stands, however long that takes, unless there is no going on. */
  async #recover(first: unknown): Promise<void> {
    for (let error = first; !this.ending;) {
      // The store closes, and stops this worker.
      if (error instanceof StoreClosedError) return this.#gate.end(error);
      if (error instanceof FencedError) {
        this.#settings.onError(error);
        return this.#gate.end(error);
      }
      if (error instanceof NotFollowed) {
        this.#gate.paused = true;
        this.#host.heartbeatSoon();
        return;
      }
      if (error instanceof ShardStopped || error instanceof HistoryForkedError) return await this.#standStill(error);
      if (!(error instanceof CheckpointAhead || error instanceof CheckpointBehind)) await this.#backOff(error);
      try {
        if (error instanceof CheckpointBehind) return await this.#standStill(await this.checkpoint.fork(this.#parts.database));
        return await this.checkpoint.reload(this.#parts.database);
      } catch (again) {
        error = again;
      }
    }
  }

  async #backOff(error: unknown): Promise<void> {
    const waitMs = backoffMs(retryBackoff, ++this.#failures);
    this.status.retrying(error, undefined, waitMs);
    if (this.#failures === 1) this.#settings.onError(asTidemarkError(error));
    await this.#gate.sleep(waitMs);
  }

  /** Holds the shard, so that no other worker fails at the same event, until somebody resumes it or the worker ends. */
  async #standStill(error: ShardStopped | HistoryForkedError): Promise<void> {
    if (error instanceof ShardStopped) {
      const { owner, shard } = this.shard;
      const { event } = error.tried;
      const what = this.#consumer.settings.projection
        ? "The projection stands still until store.projections.resume, or until its worker starts again."
        : "The shard stands still until store.consumers.resume, or until its worker starts again.";
      this.failed = new HandlerFailedError({ consumer: owner, shard, position: event.position }, tell(error.cause).message, what, { cause: error.cause });
      this.status.failed(error.cause, error.tried);
    } else {
      this.failed = error;
      this.status.failed(error);
    }
    await this.#tellFirst();
    this.#settings.onError(this.failed);
    this.#parts.progress.moved(this.#settings.tenant, this.shard.consumer);
    while (!this.ending) await this.#gate.wait();
  }

  /** Before anybody hears of a failure: a process that exits then leaves behind why. */
  async #tellFirst(): Promise<void> {
    await Promise.race([this.#host.heartbeatNow(), delay(mostTellingMs, undefined, { ref: false })]);
  }
}
