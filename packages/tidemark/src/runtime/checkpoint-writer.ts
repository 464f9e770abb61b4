import type { Queryable } from "../database/database.ts";
import { nullableList } from "../database/nullable-list.ts";
import type { Anchor } from "../feed/follow.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { RuntimeStatements } from "./statements.ts";

interface Move {
  readonly checkpoint: Checkpoint;
  readonly to: Anchor;
  readonly settled: PromiseWithResolvers<void>;
}

/** One statement's worth; more would hold the rows of the first for longer. */
const mostAtOnce = 200;

/**
 * Writes checkpoints that stand for themselves: of handlers that wrote nothing in the database, and past filtered-out events.
 * While one statement is under way, the moves of other shards gather for the next, so that a hundred consumers of the same
 * event cost one statement, and a single one waits for no other.
 */
export class CheckpointWriter {
  readonly #queryable: Queryable;
  readonly #statements: RuntimeStatements;
  readonly #waiting: Move[] = [];
  #writing = false;

  constructor(queryable: Queryable, statements: RuntimeStatements) {
    this.#queryable = queryable;
    this.#statements = statements;
  }

  /** Moves a checkpoint. A shard has one move under way at most. Rejects as `Checkpoint.move`. */
  move(checkpoint: Checkpoint, to: Anchor): Promise<void> {
    const settled = Promise.withResolvers<void>();
    this.#waiting.push({ checkpoint, to, settled });
    if (!this.#writing) void this.#writeAll();
    return settled.promise;
  }

  async #writeAll(): Promise<void> {
    this.#writing = true;
    // Shards that share a read of the log come here in the same turn.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const moves = this.#waiting.splice(0, mostAtOnce);
      const left = moves.length === 1 ? moves : await this.#together(moves);
      await Promise.all(left.map((move) => this.#alone(move)));
    }
    this.#writing = false;
  }

  /** Returns those that did not move: their own statement says why. */
  async #together(moves: readonly Move[]): Promise<readonly Move[]> {
    const list = (item: (move: Move) => number): string => `{${moves.map(item).join(",")}}`;
    try {
      const rows = await this.#queryable.query(this.#statements.moveTogether, [
        list(({ checkpoint }) => checkpoint.shard.id),
        list(({ checkpoint }) => checkpoint.shard.fence),
        list(({ checkpoint }) => checkpoint.written.position),
        list(({ to }) => to.position),
        nullableList(moves.map(({ to }) => to.id)),
      ]);
      const moved = new Set(rows.map((row) => Number(row["id"])));
      return moves.filter((move) => {
        if (!moved.has(move.checkpoint.shard.id)) return true;
        move.checkpoint.moved(move.to);
        move.settled.resolve();
        return false;
      });
    } catch (error) {
      for (const { settled } of moves) settled.reject(error);
      return [];
    }
  }

  async #alone({ checkpoint, to, settled }: Move): Promise<void> {
    try {
      await checkpoint.move(this.#queryable, to);
      checkpoint.moved(to);
      settled.resolve();
    } catch (error) {
      settled.reject(error);
    }
  }
}
