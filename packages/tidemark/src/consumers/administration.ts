import { wholeNumber } from "../arguments/checks.ts";
import { checkConsumerName, checkPerson, checkReason } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import type { Statement, Value } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { keepCallers } from "../errors/caller-frames.ts";
import { InvalidArgumentError, isTidemarkError } from "../errors/errors.ts";
import type { ConsumerInfo } from "./consumer-info.ts";
import { consumerInfo, infoStatement } from "./consumer-info-statement.ts";
import { consumerNotFound } from "./not-found.ts";
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

const checkAfter = wholeNumber(0);

export class StoreConsumers implements Consumers {
  readonly #scope: AdministrationScope;

  static {
    keepCallers(this);
  }

  constructor(scope: AdministrationScope) {
    this.#scope = scope;
  }

  async list(): Promise<readonly ConsumerInfo[]> {
    const rows = await this.#scope.context.database.query(infoStatement(this.#scope.context.schema, "list", "c.kind = 'consumer'"), [this.#scope.tenant]);
    return rows.map((row) => consumerInfo(row["consumer"] ?? "{}"));
  }

  async get(name: string): Promise<ConsumerInfo> {
    const checked = checkConsumerName(name, "name");
    const [row] = await this.#scope.context.database.query(infoStatement(this.#scope.context.schema, "get", "c.name = $2"), [this.#scope.tenant, checked]);
    if (!row) throw await consumerNotFound(this.#scope.context, this.#scope.tenant, checked);
    return consumerInfo(row["consumer"] ?? "{}");
  }

  async pause(name: string, options?: PauseOptions): Promise<void> {
    const { reason = null, by = null } = checkOptions(options, { reason: checkReason, by: checkPerson });
    const text = (schema: string): string => `
update ${quoteIdentifier(schema)}.consumers as c
   set paused = true, pause_reason = $3, paused_by = $4, paused_at = pg_catalog.clock_timestamp()
 where c.tenant = $1 and c.name = $2
returning 'true' as found`;
    await this.#change(name, "pause", text, reason, by);
  }

  resume(name: string): Promise<void> {
    return this.#change(name, "resume", (schema) => `select ${functionName(schema, "resume_consumer")}($1, $2)::text as found`);
  }

  async reset(name: string, options: ResetOptions): Promise<void> {
    const { after } = checkOptions(options, { after: (value, path) => (value === "end" ? null : checkAfter(value, path)) });
    if (after === undefined) throw new InvalidArgumentError("options.after", 'is missing: a position, 0 for the beginning, or "end"');
    await this.#change(name, "reset", (schema) => `select ${functionName(schema, "reset_consumer")}($1, $2, $3)::text as found`, after);
  }

  async rename(name: string, to: string): Promise<void> {
    const checked = checkConsumerName(to, "to");
    try {
      await this.#change(name, "rename", (schema) => `select ${functionName(schema, "rename_consumer")}($1, $2, $3)::text as found`, checked);
    } catch (error) {
      if (isTidemarkError(error, "DATABASE") && error.sqlState === "23505")
        throw new InvalidArgumentError("to", `is the name of another consumer: ${JSON.stringify(checked)}`, { cause: error });
      throw error;
    }
  }

  delete(name: string): Promise<void> {
    return this.#change(name, "delete", (schema) => `select ${functionName(schema, "delete_consumer")}($1, $2)::text as found`);
  }

  async #change(name: string, what: string, text: (schema: string) => string, ...values: readonly Value[]): Promise<void> {
    const checked = checkConsumerName(name, "name");
    const statement: Statement = { name: `tidemark_worker_${what}`, text: text(this.#scope.context.schema) };
    // Before, since a shard that has just failed may not have told the database yet, and resume looks there.
    await this.#scope.changed();
    const [row] = await this.#scope.context.database.query(statement, [this.#scope.tenant, checked, ...values]);
    if (row?.["found"] !== "true") throw await consumerNotFound(this.#scope.context, this.#scope.tenant, checked);
    this.#scope.context.progress.moved(this.#scope.tenant, checked);
    await this.#scope.changed();
  }
}
