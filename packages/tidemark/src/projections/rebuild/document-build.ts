import { CollectionTable } from "../../documents/collection-table.ts";
import type { ShardAccess } from "../../runtime/follower.ts";
import { type BuildContext, type BuildParts, BuildRun } from "./build-run.ts";
import { NotFolded } from "./document-fold.ts";

/**
 * Brings documents that are far behind near the end of the log: they are folded in memory over many pages, and written many at once,
 * with the checkpoint. It runs as the shard's owner, and the shard's fence guards each write as it guards a handler's; what is not
 * written when it ends is done again. It leaves an event that cannot be folded to the shard's loop, which stops there.
 */
export class DocumentBuild {
  readonly #context: BuildContext;
  readonly #parts: Omit<BuildParts, "whole">;

  constructor(context: BuildContext, parts: Omit<BuildParts, "whole" | "table">) {
    this.#context = context;
    this.#parts = { ...parts, table: new CollectionTable(context.schema, parts.projection) };
  }

  /** Rejects as the reads and writes do, and as `Checkpoint.move`. */
  async run(shard: ShardAccess): Promise<void> {
    if (!(await this.#isFarBehind(shard))) return;
    const { database } = this.#context;
    const run = new BuildRun(this.#context, shard, { ...this.#parts, whole: await this.#parts.table.isEmpty(database) });
    try {
      while ((await shard.mayGoOn()) && (await this.#isFarBehind(shard))) await run.toTheMark();
    } catch (error) {
      if (!(error instanceof NotFolded)) throw error;
    }
  }

  async #isFarBehind({ checkpoint }: ShardAccess): Promise<boolean> {
    return (await this.#context.feed.highWaterMark()) - checkpoint.written.position > this.#parts.limits.farBehind;
  }
}
