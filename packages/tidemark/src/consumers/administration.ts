import { checkConsumerName } from "../arguments/names.ts";
import { keepCallers } from "../errors/caller-frames.ts";
import { InvalidArgumentError, isTidemarkError } from "../errors/errors.ts";
import type { ConsumerInfo } from "./consumer-info.ts";
import { consumerInfo, infoStatement } from "./consumer-info-statement.ts";
import { FollowerChanges } from "./follower-changes.ts";
import { followerNotFound } from "./not-found.ts";
import type { AdministrationScope } from "../runtime/administration-scope.ts";
import { functionName } from "../schema/function-set.ts";

/**
 * The consumers that a store knows. Each call with a name rejects with `NotFoundError` if no consumer has that name. Workers of this
 * process apply a change at once, others at their next heartbeat, at most a third of a lease later.
 *
 * @example
 * ```ts
 * const consumers: Consumers = store.consumers;
 * console.debug((await consumers.list()).map(({ name }) => name));
 * ```
 */
export interface Consumers {
  /** Lists all consumers of this tenant, by name. */
  list(): Promise<readonly ConsumerInfo[]>;
  get(name: string): Promise<ConsumerInfo>;
  /**
   * Pauses it until `resume`, also across restarts. Its workers finish the event in hand and wait. If it is paused already, `options`
   * replace the previous ones.
   */
  pause(name: string, options?: PauseOptions): Promise<void>;
  /** Ends a pause. Shards that stopped at an event continue with it. */
  resume(name: string): Promise<void>;
  /**
   * Moves it to another position: it continues with the event after it. Work in flight is rolled back. Dead letters after that
   * position are removed, because their events come again.
   *
   * @param options - `after`: exclusive; 0 is the beginning, `"end"` the high-water mark.
   */
  reset(name: string, options: ResetOptions): Promise<void>;
  /**
   * Renames it, with its checkpoints and dead letters. Stop its workers first; running ones report a `NotFoundError` and do nothing.
   *
   * @throws {@link InvalidArgumentError} — `to` is taken.
   */
  rename(name: string, to: string): Promise<void>;
  /**
   * Deletes it, with its checkpoints, its dead letters and their history. Work in flight is rolled back. Stop its workers first;
   * running ones report a `NotFoundError` and do nothing, and one that starts registers it again, from `startFrom`.
   */
  delete(name: string): Promise<void>;
}

/**
 * Options of `consumers.pause`. `get`, `list` and `tidemark consumers show` show both.
 *
 * @example
 * ```ts
 * const options: PauseOptions = { reason: "the mail server is down", by: "ada" };
 * ```
 */
export interface PauseOptions {
  /** Why. 1–1,000 bytes. */
  readonly reason?: string;
  /** Who. 1–256 bytes. */
  readonly by?: string;
}

/**
 * Options of `consumers.reset`.
 *
 * @example
 * ```ts
 * const options: ResetOptions = { after: "end" };
 * ```
 */
export interface ResetOptions {
  /** A position, exclusive; 0 is the beginning, `"end"` the high-water mark. */
  readonly after: number | "end";
}

export class StoreConsumers implements Consumers {
  readonly #scope: AdministrationScope;
  readonly #changes: FollowerChanges;

  static {
    keepCallers(this);
  }

  constructor(scope: AdministrationScope) {
    this.#scope = scope;
    this.#changes = new FollowerChanges(scope, {
      follower: (name) => name,
      notFound: (name) => followerNotFound(scope.context, scope.tenant, "consumer", name),
    });
  }

  async list(): Promise<readonly ConsumerInfo[]> {
    const rows = await this.#scope.context.database.query(infoStatement(this.#scope.context.schema, "list", "c.kind = 'consumer'"), [this.#scope.tenant]);
    return rows.map((row) => consumerInfo(row["consumer"] ?? "{}"));
  }

  async get(name: string): Promise<ConsumerInfo> {
    const checked = checkConsumerName(name, "name");
    const [row] = await this.#scope.context.database.query(infoStatement(this.#scope.context.schema, "get", "c.name = $2"), [this.#scope.tenant, checked]);
    if (!row) throw await followerNotFound(this.#scope.context, this.#scope.tenant, "consumer", checked);
    return consumerInfo(row["consumer"] ?? "{}");
  }

  async pause(name: string, options?: PauseOptions): Promise<void> {
    await this.#changes.pause(checkConsumerName(name, "name"), options);
  }

  async resume(name: string): Promise<void> {
    await this.#changes.resume(checkConsumerName(name, "name"));
  }

  async reset(name: string, options: ResetOptions): Promise<void> {
    await this.#changes.reset(checkConsumerName(name, "name"), options);
  }

  async rename(name: string, to: string): Promise<void> {
    const from = checkConsumerName(name, "name");
    const checked = checkConsumerName(to, "to");
    try {
      await this.#changes.change(from, "rename", (schema) => `select ${functionName(schema, "rename_consumer")}($1, $2, $3)::text as found`, checked);
    } catch (error) {
      if (isTidemarkError(error, "DATABASE") && error.sqlState === "23505")
        throw new InvalidArgumentError("to", `is the name of another consumer: ${JSON.stringify(checked)}`, { cause: error });
      throw error;
    }
  }

  async delete(name: string): Promise<void> {
    const checkedName = checkConsumerName(name, "name");
    await this.#changes.change(checkedName, "delete", (schema) => `select ${functionName(schema, "delete_consumer")}($1, $2)::text as found`);
  }
}
