import { CollectionTable } from "../../documents/collection-table.ts";
import { ProjectionCheckFailedError } from "../../errors/rebuilding.ts";
import { FollowingStopped, type ShardAccess } from "../../runtime/follower.ts";
import { type BuildContext, type BuildParts, BuildRun } from "./build-run.ts";
import { BuildRow, type FoundBuild } from "./build-row.ts";
import { checkBuilt } from "./check-built.ts";
import { defaultSample, type DocumentCheck } from "./check-documents.ts";
import { createBuiltIndexes } from "./create-indexes.ts";
import { NotFolded } from "./document-fold.ts";
import { SharedDocument, SplitBuild } from "./split-build.ts";

type Parts = Omit<BuildParts, "whole" | "row" | "found">;

/**
 * Brings documents that are far behind near the end of the log: they are folded in memory over many pages, and written many at once,
 * with the checkpoint. It runs as the shard's owner, and the shard's fence guards each write as it guards a handler's; what is not
 * written when it ends is done again. It leaves an event that cannot be folded to the shard's loop, which stops there.
 *
 * A version that is built beside another one that serves is folded whole, gets its indexes, and is compared with a second fold before it is
 * ready to serve. Where they differ the shard stops.
 */
export class DocumentBuild {
  readonly #context: BuildContext;
  readonly #parts: Parts;
  readonly #splitBuild: SplitBuild;

  constructor(context: BuildContext, parts: Omit<Parts, "table">) {
    this.#context = context;
    this.#splitBuild = new SplitBuild(context, parts.projection);
    this.#parts = { ...parts, table: new CollectionTable(context.schema, parts.projection) };
  }

  /**
   * Returns the position from which on it is to run again, where it left an event to the shard's loop and is not done. Rejects as the reads and
   * writes do, and as `Checkpoint.move`; with `FollowingStopped` where the check finds a difference.
   */
  async run(shard: ShardAccess): Promise<number | undefined> {
    const { database, schema } = this.#context;
    const row = new BuildRow(schema, this.#parts.projection, shard.tenant);
    const found = await row.find(database);
    if (found === undefined || found.state === "ready") {
      await this.#fold(shard, this.#parts.limits.farBehind);
      return undefined;
    }
    await row.report(database, { state: "building" });
    const ended = (await this.#split(shard, found)) ? "reformed" : await this.#fold(shard, 0, row, found);
    if (ended === "reformed") await shard.untilEnded();
    if (ended === "left") return await this.#context.feed.highWaterMark();
    // A part ends at its barrier, and waits there for the others.
    if (ended !== "whole" || shard.checkpoint.shard.of > 1) return undefined;
    await createBuiltIndexes(database, schema, this.#parts.projection, shard.leaseMs);
    await this.#check(shard, row, found);
    return undefined;
  }

  /** Whether appends may write its documents: not before they have been compared, where another version serves. */
  async isDone(tenant: string): Promise<boolean> {
    const found = await new BuildRow(this.#context.schema, this.#parts.projection, tenant).find(this.#context.database);
    return found === undefined || found.state === "ready";
  }

  /** Whether it goes on in parts, where that was asked for and is worth it. */
  async #split(shard: ShardAccess, { parts }: Pick<FoundBuild, "parts">): Promise<boolean> {
    if (parts === 1 || shard.checkpoint.shard.of > 1 || !(await this.#isBehind(shard, this.#parts.limits.farBehind))) return false;
    return await this.#splitBuild.split(shard, await this.#parts.table.isEmpty(this.#context.database));
  }

  /** `"interrupted"`: it must end before. `"left"`: it leaves an event to the shard's loop. `"reformed"`: it has other shards now. */
  async #fold(shard: ShardAccess, farBehind: number, row?: BuildRow, found?: FoundBuild): Promise<"whole" | "interrupted" | "left" | "reformed"> {
    if (!(await this.#isBehind(shard, farBehind))) return "whole";
    const isPart = shard.checkpoint.shard.of > 1;
    const whole = isPart ? found?.splitAfter === shard.checkpoint.written.position : await this.#parts.table.isEmpty(this.#context.database);
    const run = new BuildRun(this.#context, shard, { ...this.#parts, row, found, whole });
    try {
      // While it folds, others append: the rest gets shorter each time.
      for (let most = farBehind; ; most = this.#parts.limits.farBehind) {
        if (!(await shard.mayGoOn())) return "interrupted";
        if (!(await this.#isBehind(shard, most))) return "whole";
        await run.toTheMark();
        if (!run.isToBeSplit) continue;
        if (await this.#split(shard, { parts: run.wanted })) return "reformed";
        run.stayWhole();
      }
    } catch (error) {
      if (isPart && (error instanceof NotFolded || error instanceof SharedDocument)) {
        await this.#splitBuild.rejoin(shard, error);
        return "reformed";
      }
      if (error instanceof NotFolded) return "left";
      throw error;
    }
  }

  async #isBehind({ checkpoint }: ShardAccess, by: number): Promise<boolean> {
    const { barrier = Number.POSITIVE_INFINITY } = checkpoint.shard;
    return Math.min(barrier, await this.#context.feed.highWaterMark()) - checkpoint.written.position > by;
  }

  async #check(shard: ShardAccess, row: BuildRow, { sample }: FoundBuild): Promise<void> {
    const { database } = this.#context;
    await row.report(database, { state: "checking" });
    const check = await checkBuilt(this.#context, this.#parts, shard, sample ?? defaultSample);
    if (!check || (await this.#told(row, check))) return;
    throw new FollowingStopped(new ProjectionCheckFailedError(this.#parts.projection, check.differences));
  }

  /** Whether it holds. */
  async #told(row: BuildRow, { different, differences, compared }: DocumentCheck): Promise<boolean> {
    const error = { compared, different, documents: differences };
    await row.report(this.#context.database, different === 0 ? { state: "ready" } : { state: "failed", error });
    return different === 0;
  }
}
