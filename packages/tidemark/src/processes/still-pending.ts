import type { Queryable, Statement } from "../database/database.ts";
import { FencedError } from "../errors/following.ts";
import type { HeldShard } from "../runtime/shard.ts";

interface Question {
  readonly id: number;
  readonly answer: PromiseWithResolvers<boolean>;
}

/**
 * Asks, just before a command is decided, whether it is still to be issued. Commands are loaded in advance, and an operator may have cancelled
 * this one since. Questions of many instances that come while one statement runs share the next one.
 */
export class StillPending {
  readonly #database: Queryable;
  readonly #statement: Statement;
  readonly #shard: HeldShard;
  #questions: Question[] = [];
  #asking = false;

  constructor(database: Queryable, statement: Statement, shard: HeldShard) {
    this.#database = database;
    this.#statement = statement;
    this.#shard = shard;
  }

  /** @throws {@link FencedError} — another worker has the shard, and issues the command. */
  ask = (id: number): Promise<boolean> => {
    const answer = Promise.withResolvers<boolean>();
    this.#questions.push({ id, answer });
    if (!this.#asking) void this.#askAll();
    return answer.promise;
  };

  async #askAll(): Promise<void> {
    this.#asking = true;
    // Commands that were appended together are followed by others that begin in one turn. Were the first of them asked about alone, it would be
    // appended alone, and from then on each statement would carry fewer.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#questions.length > 0) {
      const asked = this.#questions;
      this.#questions = [];
      try {
        const pending = await this.#pending(asked.map(({ id }) => id));
        for (const { id, answer } of asked) answer.resolve(pending.has(id));
      } catch (error) {
        for (const { answer } of asked) answer.reject(error);
      }
    }
    this.#asking = false;
  }

  async #pending(ids: readonly number[]): Promise<ReadonlySet<number>> {
    const { id, owner, shard, fence } = this.#shard;
    const [row] = await this.#database.query(this.#statement, [`{${ids.join(",")}}`, id]);
    const current = row?.["fence"] == null ? undefined : Number(row["fence"]);
    if (current !== fence) throw new FencedError({ consumer: owner, shard, fence, current });
    const pending: readonly number[] = JSON.parse(row?.["pending"] ?? "[]");
    return new Set(pending);
  }
}
