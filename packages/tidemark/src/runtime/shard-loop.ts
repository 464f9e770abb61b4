import type { FollowedBatch } from "../feed/follow.ts";
import { CheckpointTurns } from "./checkpoint-turns.ts";
import type { ShardContext } from "./shard-context.ts";
import type { ShardWork } from "./shard-work.ts";

/** How often a shard at its barrier asks whether the others are there. */
const barrierLookMs = 1_000;

/** Follows the log for one shard, and has its events handled. */
export class ShardLoop {
  readonly #shard: ShardContext;
  readonly #work: ShardWork;
  readonly #turns: CheckpointTurns;
  readonly #onProgress: () => void;
  #requested = true;
  #caughtUp = false;
  /** Others go on with the follower's work. */
  #handedOver = false;

  /** @param onProgress - Called when a batch was passed. */
  constructor(shard: ShardContext, work: ShardWork, onProgress: () => void) {
    this.#shard = shard;
    this.#work = work;
    this.#turns = new CheckpointTurns(shard.checkpoint, shard.host.idled);
    this.#onProgress = onProgress;
  }

  get turns(): CheckpointTurns {
    return this.#turns;
  }

  /** Something was requested that the follower's hooks know of. */
  request(): void {
    this.#requested = true;
    this.#shard.gate.wakeUp();
  }

  /** Follows the log until the shard must end, hands over, or reaches its barrier. Rejects with what failed. */
  async run(): Promise<void> {
    const { load, handOver } = this.#work.hooks;
    if (handOver && !(await this.#mayFollow())) return;
    await this.#follow(await load?.());
  }

  /** Whether a follower that can hand over has something to do: not while others do it, nor in a pause. */
  async #mayFollow(): Promise<boolean> {
    const { gate, checkpoint, worker } = this.#shard;
    this.#handedOver = false;
    await gate.waitUntilAllowed();
    if (gate.ending) return false;
    // Others may have gone on meanwhile: this one follows from where they ended.
    await checkpoint.reload(worker.database);
    return !gate.paused && !(await this.#tryHandOver());
  }

  async #tryHandOver(): Promise<boolean> {
    const { gate, worker, settings, follower } = this.#shard;
    const { handOver } = this.#work.hooks;
    if (!handOver || gate.paused || handOver.dueInMs > 0) return false;
    this.#handedOver = await this.#turns.work(() => handOver.attempt());
    if (this.#handedOver) {
      gate.setPaused(true);
      worker.progress.moved(settings.tenant, follower.name);
    }
    return this.#handedOver;
  }

  /** @param again - Where it ends, to load again; undefined: nowhere. */
  async #follow(again: number | undefined): Promise<void> {
    const { worker, settings, follower, checkpoint, gate } = this.#shard;
    const { barrier, shard, of } = checkpoint.shard;
    if (barrier !== undefined && checkpoint.written.position >= barrier) return await this.#reachedBarrier();
    const over = new AbortController();
    const following = {
      reader: follower.owner,
      tenant: follower.tenants === "all" ? undefined : settings.tenant,
      shard: of > 1 && !follower.partitionKey ? { index: shard, of } : undefined,
      after: checkpoint.written,
      until: barrier,
      batchSize: follower.batchSize,
      signal: AbortSignal.any([gate.signal, over.signal]),
    };
    const { decoder, filter } = follower;
    const log = follower.source?.log ?? worker.feed;
    const batches = decoder ? log.followItems({ ...following, filter: decoder.filter }) : log.follow({ ...following, filter });
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
        if (again !== undefined && value.anchor.position >= again) return await this.#flush();
        if (value.caughtUp && (await this.#tryHandOver())) return;
        next = coming ?? iterator.next();
      }
    } finally {
      // One that waits for the log ends by its signal; what it says then no longer matters.
      over.abort();
      void iterator.return().catch(() => {});
    }
    if (this.#handedOver) return;
    await this.#flush();
    await this.#reachedBarrier();
  }

  /** The next batch. Meanwhile, what is requested. */
  async #nextBatch(next: Promise<IteratorResult<FollowedBatch, void>>): Promise<IteratorResult<FollowedBatch, void>> {
    const { gate } = this.#shard;
    const { handOver } = this.#work.hooks;
    const waiting = { over: false };
    const arrival = next.finally(() => {
      waiting.over = true;
    });
    arrival.catch(() => {});
    while (!waiting.over && !gate.ending) {
      await gate.waitUntilAllowed();
      if (this.#requested) await this.#serveRequest();
      else if (!waiting.over && !gate.paused) await gate.wait({ other: arrival, ms: handOver?.dueInMs });
      if (!waiting.over && (await this.#tryHandOver())) return { done: true, value: undefined };
    }
    return await arrival;
  }

  async #serveRequest(): Promise<void> {
    const { requested } = this.#work.hooks;
    const { status, worker, settings, follower } = this.#shard;
    this.#requested = false;
    if (!requested) return;
    await this.#turns.work(requested);
    // The checkpoint stays where it is: without this, a wait for the request would go on until its next poll.
    worker.progress.moved(settings.tenant, follower.name);
    if (status.state === "retrying") status.enter(this.#caughtUp ? "live" : "catching-up");
  }

  /** False: it ends. `ahead` has the next batch made ready while this one's checkpoint is written. */
  async #take(batch: FollowedBatch, ahead: () => void): Promise<boolean> {
    const { checkpoint, status, host } = this.#shard;
    const { events, anchor, caughtUp } = batch;
    if (events.length > 0) {
      status.enter("catching-up");
      const whole = await this.#turns.work(() => this.#work.handle(batch, ahead));
      if (!whole) return false;
    } else {
      checkpoint.passed(anchor);
      if (checkpoint.idle) host.idled();
    }
    this.#onProgress();
    this.#caughtUp = caughtUp;
    status.enter(caughtUp ? "live" : "catching-up");
    return true;
  }

  /** Writes the checkpoint where only filtered-out events were passed. */
  #flush(): Promise<void> {
    const { checkpoint, worker } = this.#shard;
    return this.#turns.work(async () => {
      const { idle } = checkpoint;
      if (!idle) return;
      await checkpoint.move(worker.database, idle);
      checkpoint.moved(idle);
    });
  }

  async #reachedBarrier(): Promise<void> {
    const { worker, settings, follower, gate, host } = this.#shard;
    await worker.database.query(worker.statements.finishShards, [settings.tenant, follower.name]);
    // Until the last shard is there too; then this one is gone, and a heartbeat says so. The next one of an idle worker may be a third of a lease away.
    for (host.heartbeatSoon(); !gate.ending; host.heartbeatSoon()) await gate.wait({ ms: barrierLookMs });
  }
}
