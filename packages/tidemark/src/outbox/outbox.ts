/**
 * Where a message of the outbox is: `"pending"`, a relay has not acknowledged it yet; `"published"`, every relay of the outbox has passed it;
 * `"failed"`, it is a dead letter; `"parked"`, it waits behind one of its key.
 *
 * @example
 * ```ts
 * const stuck: readonly MessageState[] = ["failed", "parked"];
 * ```
 */
export type MessageState = "pending" | "published" | "failed" | "parked";

/**
 * A message of the outbox, as the database has it.
 *
 * @example
 * ```ts
 * export const line = ({ topic, key, state }: OutboxMessage): string => `${topic} ${key}: ${state}`;
 * ```
 */
export interface OutboxMessage {
  readonly id: string;
  /** Its place, in one order with the positions of events. */
  readonly position: number;
  readonly topic: string;
  readonly key: string;
  readonly payload: unknown;
  readonly headers: Readonly<Record<string, string>>;
  /** By the database's clock. */
  readonly publishedAt: Date;
  readonly state: MessageState;
}

/**
 * Which messages `store.outbox.list` returns.
 *
 * @example
 * ```ts
 * const query: OutboxQuery = { state: "failed", topic: "mail" };
 * ```
 */
export interface OutboxQuery {
  readonly state?: MessageState;
  readonly topic?: string;
  readonly key?: string;
  /** Only messages after this position. @defaultValue 0 */
  readonly after?: number;
  /** 1–10,000. @defaultValue 100 */
  readonly limit?: number;
}

/**
 * How many messages the outbox holds.
 *
 * @example
 * ```ts
 * export const isStuck = ({ failed, parked }: OutboxStats): boolean => failed + parked > 0;
 * ```
 */
export interface OutboxStats {
  readonly pending: number;
  /** Published ones that are kept still. */
  readonly published: number;
  readonly failed: number;
  readonly parked: number;
  /** When the oldest pending message was published to the outbox. Undefined: none is pending. */
  readonly oldestPendingAt: Date | undefined;
}

/**
 * Options of `store.outbox.cleanUp`.
 *
 * @example
 * ```ts
 * const options: CleanUpOptions = { keepMs: 24 * 60 * 60 * 1000 };
 * ```
 */
export interface CleanUpOptions {
  /** Only messages that are older, in milliseconds by the database's clock: 0 to ten years. @defaultValue 604,800,000, which is seven days */
  readonly keepMs?: number;
}

/**
 * The outbox: messages that are no events, which transactions publish with `tx.publish` and relays with `source: "outbox"` deliver.
 *
 * @example
 * ```ts
 * const outbox: Outbox = store.outbox;
 * console.debug((await outbox.stats()).pending);
 * ```
 */
export interface Outbox {
  /** Lists messages of this tenant, in the order of their positions. @throws {@link InvalidArgumentError} — a part of the query is invalid. */
  list(query?: OutboxQuery): Promise<readonly OutboxMessage[]>;
  /** Counts the messages of this tenant by their state. It reads them all. */
  stats(): Promise<OutboxStats>;
  /**
   * Removes messages that are old and that every relay of the outbox has published, 1,000 at a time, and returns how many: the store itself those of
   * all tenants, a tenant's view its own. Dead
   * letters stay, and so does what no relay reads. Relays do the same beside their work, at most once a minute, by their own `keepMs`.
   *
   * @throws {@link InvalidArgumentError} — an option is invalid.
   */
  cleanUp(options?: CleanUpOptions): Promise<number>;
}
