import type { FollowedLog } from "../feed/followed-log.ts";
import type { TidemarkError } from "../errors/tidemark-error.ts";
import type { Anchor } from "../feed/follow.ts";
import { Checkpoint } from "./checkpoint.ts";
import type { HeldShard } from "./shard.ts";
import type { ShardContext } from "./shard-context.ts";
import { ShardGate } from "./shard-gate.ts";
import { ShardLoop } from "./shard-loop.ts";
import { ShardRecovery } from "./shard-recovery.ts";
import { ShardStatus } from "./shard-status.ts";
import type { ShardMetrics } from "./follower-metrics.ts";
import { ShardWork } from "./shard-work.ts";

/** What a shard's work gets from its worker. */
export type RunnerContext = Pick<ShardContext, "worker" | "settings" | "follower" | "counts" | "host">;

/** Works on one shard from takeover to release. */
export class ShardRunner {
  readonly shard: HeldShard;
  readonly checkpoint: Checkpoint;
  readonly status: ShardStatus;
  readonly #gate: ShardGate;
  readonly #work: ShardWork;
  readonly #loop: ShardLoop;
  readonly #recovery: ShardRecovery;
  readonly #log: FollowedLog;
  #retired = false;
  /** Resolves when nothing of it runs any more. */
  readonly done: Promise<void>;

  constructor({ worker, settings, follower, counts, host }: RunnerContext, shard: HeldShard) {
    this.shard = shard;
    this.#log = follower.source?.log ?? worker.feed;
    this.checkpoint = new Checkpoint(shard, worker.statements);
    this.status = new ShardStatus(host.heartbeatSoon);
    this.#gate = new ShardGate(shard.validUntil, this.status, host.heartbeatSoon);
    const context: ShardContext = { worker, settings, follower, counts, host, checkpoint: this.checkpoint, status: this.status, gate: this.#gate };
    this.#work = new ShardWork(context);
    this.#recovery = new ShardRecovery(context);
    this.#loop = new ShardLoop(context, this.#work, () => this.#recovery.succeeded());
    this.done = this.#run().then(() => this.#work.hooks.ended?.());
  }

  get ending(): boolean {
    return this.#gate.ending;
  }

  /** Why it stopped at an event, or at a log that is not the one it had read; undefined while it works. */
  get failed(): TidemarkError | undefined {
    return this.#recovery.failed;
  }

  /** Whether it ended, or ends, with the shard still held: the part that retired it gives the shard back. */
  get retired(): boolean {
    return this.#retired;
  }

  /**
   * As this process knows it.
   *
   * @param mark - The high-water mark that was read last.
   * @param handedOver - Others go on with the follower's work, and leave nothing of it behind.
   */
  metrics(mark: number, handedOver: boolean): ShardMetrics {
    const { reached } = this.checkpoint;
    const position = handedOver ? Math.max(mark, reached) : reached;
    return {
      shard: this.shard.shard,
      state: handedOver ? "live" : this.#gate.paused && this.status.state !== "failed" ? "paused" : this.status.state,
      position,
      lag: { events: Math.max(0, mark - position), ms: this.#log.behindMs(position) },
      lastError: this.status.details?.error ?? null,
    };
  }

  /** The lease goes on. */
  renewed(validUntil: number): void {
    this.#gate.renewed(validUntil);
  }

  setPaused(paused: boolean): void {
    this.#gate.setPaused(paused);
  }

  /** Something was requested that the follower's hooks know of. */
  request(): void {
    this.#loop.request();
  }

  /** Has the checkpoint written past filtered-out events, unless an event is being handled. Waits for what is being written. */
  flushIdle(write: (to: Anchor) => Promise<void>): Promise<void> {
    return this.#loop.turns.flush(write);
  }

  /** Ends after the event in hand, with the checkpoint written. */
  retire(): Promise<void> {
    this.#retired = true;
    this.#gate.end(new Error("retired"));
    return this.done;
  }

  /** Ends now: the shard is another worker's, or the time to stop is over. */
  abandon(reason: Error): Promise<void> {
    this.#gate.end(reason);
    this.#work.interrupt(reason);
    return this.done;
  }

  async #run(): Promise<void> {
    while (!this.ending) {
      try {
        await this.#loop.run();
      } catch (error) {
        await this.#work.rollback();
        this.#loop.turns.release();
        if (this.ending) return;
        await this.#recovery.recover(error);
      }
    }
  }
}
