import type { TextRow } from "./database.ts";
import { ConnectionError, DatabaseError } from "../errors/database.ts";
import type { Logger } from "../model/logger.ts";
import { cancelOnServer } from "./pg-cancel.ts";
import type { PgClient, PgNotice, PgQuery, PgResult } from "./pg-client.ts";
import { PgPipeline, type PipelinedQuery } from "./pg-pipeline.ts";
import { untilReady } from "./pg-ready.ts";
import { endsSession, serverAnswer, toTidemarkError } from "./sql-state.ts";
import { Semaphore } from "../async/semaphore.ts";
import { defaultGraceMs, type Limits, verdictOf } from "./verdict.ts";

/**
 * One connection while it is in use: one statement at a time, each bounded in time, with every ending told apart. It stays
 * usable after an error unless `reusable` says otherwise.
 */
export class PgConnection {
  readonly client: PgClient;
  readonly #logger: Logger;
  // pg 9 refuses a query while another one runs, and users await several at once.
  readonly #turns = new Semaphore(1);
  #lost: Error | undefined;
  #reusable = true;
  #demoted = false;
  #statements = 0;
  readonly #abandoned = Promise.withResolvers<void>();

  readonly #borrowed: boolean;
  #status: "I" | "T" | "E" | null = null;

  /** `"borrowed"`: the client is the user's, so that it is listened to only while a statement runs, and never closed. */
  constructor(client: PgClient, logger: Logger, owner: "lent" | "borrowed" = "lent") {
    this.client = client;
    this.#logger = logger;
    this.#borrowed = owner === "borrowed";
  }

  /** Whether a statement runs, or waits for its turn. */
  get busy(): boolean {
    return this.#statements > 0;
  }

  /** The server's process. */
  get pid(): number | null {
    return this.client.processID;
  }

  /** Whether the server turned out to be a standby: it was the primary once, and other connections of the pool lead to it too. */
  get demoted(): boolean {
    return this.#demoted;
  }

  /** Closes the connection once it is released, and has its pool drop those that were made before. */
  leaveDemoted(): void {
    this.#demoted = true;
    this.discard();
  }

  /** Whether a pool may hand it out again. */
  get reusable(): boolean {
    return this.#reusable && this.#lost === undefined;
  }

  /** Closes the connection, rather than return it to its pool, once it is released. */
  discard(): void {
    this.#reusable = false;
  }

  /** Closes the connection now, whatever it runs: that rejects. */
  abandon(): void {
    this.discard();
    // end() destroys the socket of a busy client.
    void this.client.end().catch(() => {});
    this.#abandoned.resolve();
  }

  /** A client without an error listener ends the process when its socket breaks. */
  attach(): void {
    this.client.on("error", this.#onError);
    this.client.on("notice", this.#onNotice);
    if (!this.client.getTransactionStatus) this.client.connection?.on("readyForQuery", this.#onReady);
  }

  detach(): void {
    this.client.removeListener("error", this.#onError);
    this.client.removeListener("notice", this.#onNotice);
    this.client.connection?.removeListener("readyForQuery", this.#onReady);
  }

  /** Idle, in a transaction, in a failed one; null where the server did not say. Waits for what it is about to say. */
  async status(waitMs: number): Promise<"I" | "T" | "E" | null> {
    await untilReady(this.client, waitMs);
    return this.client.getTransactionStatus ? this.client.getTransactionStatus() : this.#status;
  }

  /** Before pg 8.21 nothing else tells. */
  readonly #onReady = ({ status }: { readonly status: "I" | "T" | "E" }): void => {
    this.#status = status;
  };

  readonly #onError = (error: Error): void => {
    this.#lost ??= error;
  };

  readonly #onNotice = ({ message, routine }: PgNotice): void => {
    // The server commits here and only here before it could replicate; without this line it would go unreported.
    if (routine === "SyncRepWaitForLSN") this.#logger.warn(`tidemark: committed, but perhaps not replicated: ${message}`);
  };

  run(query: PgQuery, limits: Limits): Promise<PgResult> {
    return this.#take(() => this.client.query(query), limits);
  }

  /** One of the library's own: its rows as the server sent them, past the driver's parsers. */
  async runStatement(query: PipelinedQuery, limits: Limits): Promise<readonly TextRow[]> {
    const [result] = await this.runPipeline(new PgPipeline([query]), limits);
    return (result?.rows ?? []) as TextRow[];
  }

  /** Several statements as one, with one limit for them together. `pipeline.completed` tells which of them failed. */
  runPipeline(pipeline: PgPipeline, limits: Limits): Promise<readonly PgResult[]> {
    return this.#take(() => pipeline.send(this.client), limits);
  }

  async #take<T>(send: () => Promise<T>, limits: Limits): Promise<T> {
    this.#statements++;
    try {
      return await this.#turns.run(() => (this.#borrowed ? this.#runAttached(send, limits) : this.#run(send, limits)));
    } finally {
      this.#statements--;
    }
  }

  async #runAttached<T>(send: () => Promise<T>, limits: Limits): Promise<T> {
    this.attach();
    try {
      return await this.#run(send, limits);
    } finally {
      this.detach();
    }
  }

  async #run<T>(send: () => Promise<T>, limits: Limits): Promise<T> {
    limits.signal?.throwIfAborted();
    if (this.#lost)
      throw new ConnectionError("The connection was lost before this statement. Nothing of it was sent.", {
        sent: false,
        sqlState: serverAnswer(this.#lost)?.sqlState,
        cause: this.#lost,
      });
    // The request to cancel can hit no later statement of a connection that is closed.
    const { outcome, stopped } = await verdictOf(send(), limits, () => Promise.race([cancelOnServer(this.client), this.#abandoned.promise]));
    // A late cancellation must never hit the next user's statement.
    if (stopped) this.discard();
    if (!outcome) {
      // Whatever comes now comes too late: end() destroys the socket of a busy client.
      if (!this.#borrowed) void this.client.end().catch(() => {});
      throw new ConnectionError(
        `The server answered neither within ${limits.timeoutMs} ms (queryTimeoutMs) nor to the request to cancel, for ${limits.graceMs ?? defaultGraceMs} ms. Whether the statement took effect is unknown.`,
        { sent: true },
      );
    }
    if (outcome.status === "fulfilled") return outcome.value;
    throw this.#explain(outcome.reason, stopped, limits);
  }

  #explain(cause: unknown, stopped: "time" | "signal" | undefined, { signal, timeoutMs }: Limits): unknown {
    const answer = serverAnswer(cause);
    const sqlState = answer?.sqlState;
    if (sqlState === "57014" && stopped === "signal") return signal?.reason;
    if (sqlState === "57014" && stopped === "time") {
      return new DatabaseError(
        `The statement took longer than ${timeoutMs} ms, so it was cancelled. Nothing of it was written: make it do less, or raise pool.queryTimeoutMs.`,
        { sqlState, cause, retryable: true },
      );
    }
    const error = toTidemarkError(cause);
    // 25006: this server was the primary once. A new connection can reach the one that is now.
    if (error instanceof ConnectionError || sqlState === "25006" || (answer && endsSession(answer))) this.discard();
    return error;
  }
}
