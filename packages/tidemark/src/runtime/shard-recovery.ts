import { setTimeout as delay } from "node:timers/promises";
import { type Backoff, backoffMs } from "../async/retry.ts";
import { StoreClosedError } from "../errors/opening.ts";
import { FencedError, HandlerFailedError, HistoryForkedError } from "../errors/following.ts";
import type { TidemarkError } from "../errors/tidemark-error.ts";
import { CheckpointAhead, CheckpointBehind } from "./checkpoint.ts";
import { asTidemarkError, errorDetails } from "../database/error-details.ts";
import { FollowingStopped, FollowingSuspended } from "./follower.ts";
import type { ShardContext } from "./shard-context.ts";
import { ShardStopped } from "./shard-stopped.ts";
import { notTriedAgain } from "./delivery.ts";

const backoff: Backoff = { firstMs: 100, mostMs: 5_000 };
/** So long at most a failure is kept back until the database has heard of it. */
const mostTellingMs = 1_000;

/** What becomes of a shard whose loop failed: it goes on from its checkpoint, waits out an outage, stops, or ends. */
export class ShardRecovery {
  readonly #shard: ShardContext;
  #failures = 0;
  #failed: TidemarkError | undefined;

  constructor(shard: ShardContext) {
    this.#shard = shard;
  }

  /** Why the shard stopped; undefined while it works. */
  get failed(): TidemarkError | undefined {
    return this.#failed;
  }

  /** The shard made progress: the next failure is a first one. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** Learns where the checkpoint stands, however long that takes. Resolves when the loop can go on, or the shard must end. */
  async recover(first: unknown): Promise<void> {
    const { gate, checkpoint, worker, settings, host } = this.#shard;
    for (let error = first; !gate.ending;) {
      // The store closes, and stops this worker.
      if (error instanceof StoreClosedError) return gate.end(error);
      if (error instanceof FencedError) {
        settings.onError(error);
        return gate.end(error);
      }
      if (error instanceof FollowingSuspended) {
        gate.setPaused(true);
        host.heartbeatSoon();
        return;
      }
      if (error instanceof FollowingStopped) return await this.#stop(error.cause);
      if (error instanceof ShardStopped || error instanceof HistoryForkedError) return await this.#stop(error);
      if (!(error instanceof CheckpointAhead || error instanceof CheckpointBehind)) await this.#backOff(error);
      try {
        if (error instanceof CheckpointBehind) return await this.#stop(await checkpoint.fork(worker.database));
        return await checkpoint.reload(worker.database);
      } catch (again) {
        error = again;
      }
    }
  }

  async #backOff(error: unknown): Promise<void> {
    const waitMs = backoffMs(backoff, ++this.#failures);
    this.#shard.status.retrying(error, undefined, waitMs);
    if (this.#failures === 1) this.#shard.settings.onError(asTidemarkError(error));
    await this.#shard.gate.sleep(waitMs);
  }

  /** Holds the shard, so that no other worker fails at the same event, until it is resumed or the worker ends. */
  async #stop(error: ShardStopped | TidemarkError): Promise<void> {
    const { gate, status, settings, follower, worker } = this.#shard;
    const failed = error instanceof ShardStopped ? this.#handlerFailed(error) : error;
    this.#failed = failed;
    if (error instanceof ShardStopped) status.failed(error.cause, error.tried);
    else status.failed(error);
    await this.#tellFirst();
    settings.onError(failed);
    worker.progress.moved(settings.tenant, follower.name);
    while (!gate.ending) await gate.wait();
  }

  #handlerFailed({ tried: { event }, cause, undecodable }: ShardStopped): HandlerFailedError {
    const { follower, checkpoint } = this.#shard;
    const { shard } = checkpoint.shard;
    const next = `${undecodable ? `${notTriedAgain} ` : ""}The ${follower.kind.stops} stops here until you call ${follower.kind.resume}, or its worker starts again.`;
    return new HandlerFailedError({ consumer: follower.owner, shard, position: event.position }, errorDetails(cause).message, next, { cause });
  }

  /** Before anybody hears of a failure: a process that exits then leaves behind why. */
  async #tellFirst(): Promise<void> {
    await Promise.race([this.#shard.host.heartbeatNow(), delay(mostTellingMs, undefined, { ref: false })]);
  }
}
