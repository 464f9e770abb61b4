import type { WorkerParts } from "./parts.ts";
import type { ShardRunner } from "./shard-runner.ts";

const everyMs = 1_000;

/**
 * Writes the checkpoints of shards that only passed filtered-out events: all of a worker's in one statement, once a second
 * at most. Without it such a shard would read those events again after each takeover, and would look as if it lagged.
 */
export class IdleProgress {
  readonly #parts: WorkerParts;
  readonly #tenant: string;
  readonly #runners: () => Iterable<ShardRunner>;
  readonly #unlist: () => void;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  constructor(parts: WorkerParts, tenant: string, runners: () => Iterable<ShardRunner>) {
    this.#parts = parts;
    this.#tenant = tenant;
    this.#runners = runners;
    this.#unlist = parts.progress.writer(() => void this.write());
  }

  /** A shard has something to write. Somebody may be waiting for just that. */
  noted(consumer: string): void {
    if (this.#parts.progress.awaited(this.#tenant, consumer)) void this.write();
    else this.#timer ??= setTimeout(() => void this.write(), everyMs);
  }

  /** Writes what there is. A failure changes nothing: it is tried again with the next event that is passed. */
  async write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#writing;
    const idle = [...this.#runners()].flatMap((runner) => {
      const to = runner.checkpoint.idle;
      return to && !runner.busy && !runner.flushing ? [{ runner, to, from: runner.checkpoint.written }] : [];
    });
    if (idle.length === 0) return;
    const writing = this.#write(idle).catch(() => {});
    this.#writing = writing;
    for (const { runner } of idle) runner.flushing = writing;
    await writing;
    for (const { runner } of idle) runner.flushing = undefined;
  }

  async #write(
    idle: readonly { readonly runner: ShardRunner; readonly to: { position: number; id: string | null }; readonly from: { position: number } }[],
  ): Promise<void> {
    const list = (items: readonly (number | string | null)[]): string => `{${items.map((item) => item ?? "null").join(",")}}`;
    const moved = await this.#parts.database
      .side()
      .query(this.#parts.statements.moveIdle, [
        list(idle.map(({ runner }) => runner.shard.id)),
        list(idle.map(({ runner }) => runner.shard.fence)),
        list(idle.map(({ from }) => from.position)),
        list(idle.map(({ to }) => to.position)),
        list(idle.map(({ to }) => to.id)),
      ]);
    const ids = new Set(moved.map((row) => Number(row["id"])));
    for (const { runner, to } of idle) {
      if (!ids.has(runner.shard.id)) continue;
      runner.checkpoint.written = to;
      this.#parts.progress.moved(this.#tenant, runner.shard.consumer);
    }
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#unlist();
  }
}
