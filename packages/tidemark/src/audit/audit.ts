/**
 * How far a change is: `"begun"`, it is being made, or its process died before it could say how it ended; `"done"`; or `"failed"`, it was
 * not made, or only in part.
 *
 * @example
 * ```ts
 * const open: AuditState = "begun";
 * ```
 */
export type AuditState = "begun" | "done" | "failed";

/**
 * A change that somebody is about to make.
 *
 * @example
 * ```ts
 * const entry: NewAuditEntry = { action: "pause", subject: "consumer mailer", actor: "ada", reason: "the mail server is down" };
 * ```
 */
export interface NewAuditEntry {
  /** What is done. 1–256 bytes. */
  readonly action: string;
  /** What it is done to: what kind it is, and its name. 1–1,024 bytes. */
  readonly subject: string;
  /** A UUID, for this change alone: recorded twice, it is there once. @defaultValue a new one */
  readonly id?: string;
  /** What else was asked for: an object that JSON can hold, of at most 65,536 bytes. */
  readonly parameters?: object;
  /** Who. 1–256 bytes. */
  readonly actor?: string;
  /** What they may do. 1–256 bytes. */
  readonly role?: string;
  /** Why. 1–1,000 bytes. */
  readonly reason?: string;
}

/**
 * What `store.audit.record` did.
 *
 * @example
 * ```ts
 * const { id, repeated }: RecordedAuditEntry = await store.audit.record({ action: "pause", subject: "consumer mailer" });
 * console.debug(id, repeated);
 * ```
 */
export interface RecordedAuditEntry {
  readonly id: string;
  /** Whether an entry with this id was there before. It stays as it was: do not make the change again. */
  readonly repeated: boolean;
}

/**
 * How a change ended.
 *
 * @example
 * ```ts
 * const failed: SettleAuditOptions = { error: new Error("the worker took it meanwhile") };
 * ```
 */
export interface SettleAuditOptions {
  /** Why it was not made, or only in part: whatever was thrown. Its message is kept, up to 4,000 characters. @defaultValue undefined: it was made */
  readonly error?: unknown;
}

/**
 * A change, as the database has it.
 *
 * @example
 * ```ts
 * export const line = ({ actor, action, subject, state }: AuditEntry): string => `${actor ?? "somebody"}: ${action} ${subject} (${state})`;
 * ```
 */
export interface AuditEntry {
  /** Its place among the entries: those that began later have greater ones. */
  readonly number: number;
  readonly id: string;
  readonly action: string;
  readonly subject: string;
  /** Undefined: none were given. */
  readonly parameters: unknown;
  readonly actor: string | undefined;
  readonly role: string | undefined;
  readonly reason: string | undefined;
  readonly state: AuditState;
  /** Of a change that failed: the error's message. */
  readonly error: string | undefined;
  /** By the database's clock. */
  readonly begunAt: Date;
  /** By the database's clock. Undefined while the state is `"begun"`. */
  readonly settledAt: Date | undefined;
}

/**
 * Which entries `store.audit.list` returns.
 *
 * @example
 * ```ts
 * const query: AuditQuery = { subject: "consumer mailer", limit: 20 };
 * ```
 */
export interface AuditQuery {
  readonly subject?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly state?: AuditState;
  /** Only entries before this number: that of the last entry of the page before. */
  readonly before?: number;
  /** 1–10,000. @defaultValue 100 */
  readonly limit?: number;
}

/**
 * Options of `store.audit.prune`.
 *
 * @example
 * ```ts
 * const options: PruneAuditOptions = { before: new Date(Date.now() - 365 * 24 * 60 * 60 * 1000) };
 * ```
 */
export interface PruneAuditOptions {
  /** Only entries that began before this time, by the database's clock. */
  readonly before: Date;
  /** Counts what would be removed, and removes nothing. @defaultValue false */
  readonly dryRun?: boolean;
}

/**
 * The audit: who changed what in the running of this store, and how it ended. The studio, `tidemark mcp` and those commands of the command line
 * that change something write to it. It is a table of its own: nothing of it appears in the log.
 *
 * @example
 * ```ts
 * const { id, repeated } = await store.audit.record({ action: "drain", subject: "queue mails", actor: "ada" });
 * if (!repeated) await store.audit.settle(id);
 * ```
 */
export interface Audit {
  /**
   * Writes a change down, before it is made. A change that cannot be written down should not be made.
   *
   * @throws {@link InvalidArgumentError} — a part of the entry is missing or invalid.
   */
  record(entry: NewAuditEntry): Promise<RecordedAuditEntry>;
  /**
   * Writes down how a change ended. An entry that was settled before stays as it is.
   *
   * @throws {@link NotFoundError} — no entry of this tenant has this id.
   * @throws {@link InvalidArgumentError} — the id is no UUID.
   */
  settle(id: string, options?: SettleAuditOptions): Promise<void>;
  /** Lists entries of this tenant, the latest first. @throws {@link InvalidArgumentError} — a part of the query is invalid. */
  list(query?: AuditQuery): Promise<readonly AuditEntry[]>;
  /**
   * Removes old entries, 1,000 at a time, and returns how many: the store itself those of all tenants, a tenant's view its own. Nothing else
   * removes any. Of the roles that `rolesSql` creates, only the owner may.
   *
   * @throws {@link InvalidArgumentError} — `before` is missing or no valid date, or `dryRun` is no boolean.
   */
  prune(options: PruneAuditOptions): Promise<number>;
}
