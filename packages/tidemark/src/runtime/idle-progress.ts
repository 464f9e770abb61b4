import type { Anchor } from "../feed/follow.ts";
import { CheckpointAhead } from "./checkpoint.ts";
import type { WorkerContext } from "./worker-context.ts";
import type { ShardRunner } from "./shard-runner.ts";

const everyMs = 1_000;

/**
 * Writes the checkpoints of shards that only passed filtered-out events: once a second at most, all of a worker's together.
 * Without it such a shard would read those events again after each takeover, and would look as if it lagged.
 */
export class IdleProgress {
  readonly #context: WorkerContext;
  readonly #tenant: string;
  readonly #runners: () => Iterable<ShardRunner>;
  readonly #unlist: () => void;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(context: WorkerContext, tenant: string, runners: () => Iterable<ShardRunner>) {
    this.#context = context;
    this.#tenant = tenant;
    this.#runners = runners;
    this.#unlist = context.progress.writer(() => void this.write());
  }

  /** A shard has something to write. A caller may be waiting for just that. */
  noted(consumer: string): void {
    if (this.#context.progress.awaited(this.#tenant, consumer)) void this.write();
    else this.#later();
  }

  /** Writes what there is, and waits for what is being written. */
  async write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await Promise.all([...this.#runners()].map((runner) => runner.flushIdle((to) => this.#write(runner, to))));
  }

  async #write({ checkpoint, shard }: ShardRunner, to: Anchor): Promise<void> {
    try {
      await this.#context.checkpoints.move(checkpoint, to);
      this.#context.progress.moved(this.#tenant, shard.consumer);
    } catch (error) {
      // The lease was lost, which the next heartbeat tells, or the database is away. Until then a caller may be waiting.
      this.#later();
      if (error instanceof CheckpointAhead) await checkpoint.refresh(this.#context.database).catch(() => {});
    }
  }

  #later(): void {
    if (!this.#ended) this.#timer ??= setTimeout(() => void this.write(), everyMs).unref();
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#unlist();
  }
}
