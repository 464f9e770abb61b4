import { Rate } from "../counters/rate.ts";
import type { Queryable } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import { FencedError, HistoryForkedError } from "../errors/following.ts";
import type { Anchor } from "../feed/follow.ts";
import { refusedShard } from "./refused-shard.ts";
import type { HeldShard } from "./shard.ts";
import type { RuntimeStatements } from "./statements.ts";

/** An earlier commit of this owner's, whose answer was lost, took effect: go on from there. */
export class CheckpointAhead extends Error {}

/** The checkpoint stands before the place where this owner had it: the database lost what was committed. */
export class CheckpointBehind extends Error {}

/** How far a shard is, in the database and here. */
export class Checkpoint {
  readonly shard: HeldShard;
  readonly #statements: RuntimeStatements;
  #written: Anchor;
  #idle: Anchor | undefined;
  readonly #progress = new Rate();

  constructor(shard: HeldShard, statements: RuntimeStatements) {
    this.shard = shard;
    this.#statements = statements;
    this.#written = shard.after;
  }

  /** As it stands in the database, as far as is known. */
  get written(): Anchor {
    return this.#written;
  }

  /** A move to here was committed. */
  moved({ position, id }: Anchor): void {
    this.#progress.add(Math.max(0, position - this.reached));
    this.#written = { position, id };
  }

  /** How far the shard has come, past filtered-out events that are not written yet. */
  get reached(): number {
    return (this.idle ?? this.#written).position;
  }

  /** How many positions a second it passes, over the last minute. */
  get perSecond(): number {
    return this.#progress.perSecond;
  }

  /** Everything up to here was filtered out. Written now and then, see `IdleProgress`. */
  passed(anchor: Anchor): void {
    this.#progress.add(Math.max(0, anchor.position - this.reached));
    this.#idle = anchor;
  }

  /** Where it could be written to, past filtered-out events; undefined where it stands there. */
  get idle(): Anchor | undefined {
    return this.#idle && this.#idle.position > this.#written.position ? this.#idle : undefined;
  }

  /**
   * Asks for the move; it counts once `queryable`'s transaction commits: call `moved` then.
   *
   * @throws {@link FencedError} — another worker has the shard.
   * @throws {@link CheckpointAhead}
   * @throws {@link CheckpointBehind}
   */
  async move(queryable: Queryable, to: Anchor): Promise<void> {
    const { id, fence } = this.shard;
    await this.guard(() => queryable.query(this.#statements.move, [id, fence, this.#written.position, to.position, to.id]));
  }

  /**
   * Runs a statement that moves the checkpoint itself, beside something else that it does. `from` are its first parameters: id, fence,
   * the position it stands at, and the event it moves to.
   *
   * @param didMove - Of its result. Rejects as `move`.
   */
  async moveBy<T>(
    to: Anchor,
    statement: (from: readonly [number, number, number, number, string | null]) => Promise<T>,
    didMove: (result: T) => boolean,
  ): Promise<T> {
    const { id, fence } = this.shard;
    const result = await this.guard(() => statement([id, fence, this.#written.position, to.position, to.id]));
    if (didMove(result)) this.moved(to);
    return result;
  }

  /** Runs a statement that demands the fence, and says what it means when it is refused. */
  async guard<T>(statement: () => Promise<T>): Promise<T> {
    try {
      return await statement();
    } catch (error) {
      const now = refusedShard(error);
      if (!now) throw error;
      const { owner, shard, fence } = this.shard;
      if (now.fence !== fence || now.position === undefined) throw new FencedError({ consumer: owner, shard, fence, current: now.fence }, { cause: error });
      if (now.position < this.#written.position) throw new CheckpointBehind("the checkpoint is behind", { cause: error });
      throw new CheckpointAhead("the checkpoint is ahead", { cause: error });
    }
  }

  /**
   * Learns where it stands, after a commit without an answer; waits for a backend that may still commit.
   *
   * @throws {@link FencedError}
   * @throws {@link CheckpointBehind} — nothing that this owner does sets it back, and what others do raises the fence.
   */
  async reload(queryable: Queryable): Promise<void> {
    await this.refresh(queryable);
    this.#idle = undefined;
  }

  /** The same while the shard goes on: what it has passed meanwhile stays. */
  async refresh(queryable: Queryable): Promise<void> {
    const { id, fence } = this.shard;
    const [row] = await this.guard(() => queryable.query(this.#statements.readCheckpoint, [id, fence]));
    const now = { position: toSafeInteger(row?.["checkpoint"]), id: row?.["event_id"] ?? null };
    if (now.position < this.#written.position) throw new CheckpointBehind("the checkpoint is behind");
    this.#written = now;
  }

  /** What to say of a checkpoint that is behind: the place this owner had reached, and what stands there now. */
  async fork(queryable: Queryable): Promise<HistoryForkedError> {
    const { position, id } = this.#written;
    const [row] = await queryable.query(this.#statements.standing, [position]);
    return new HistoryForkedError({
      reader: this.shard.owner,
      position,
      eventId: id ?? "",
      found: row?.["found"] ?? undefined,
      lastPosition: toSafeInteger(row?.["last_position"]),
    });
  }
}
