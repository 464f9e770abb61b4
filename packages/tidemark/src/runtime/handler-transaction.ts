import { randomUUID } from "node:crypto";
import type { Database, Session } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import { wasCutOff } from "../database/sql-state.ts";
import { Semaphore } from "../async/semaphore.ts";
import { isTidemarkError } from "../errors/errors.ts";
import { TransactionEndedError } from "../errors/database.ts";
import type { Anchor } from "../feed/follow.ts";
import type { CheckpointWriter } from "./checkpoint-writer.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { type OpenTransaction, openTransaction } from "./open-transaction.ts";
import type { RuntimeStatements } from "./statements.ts";

export interface TransactionSettings {
  readonly database: Database;
  readonly statements: RuntimeStatements;
  readonly handlerTransactions: Semaphore;
  readonly checkpoints: CheckpointWriter;
  /** How long the server lets the transaction sit idle. */
  readonly leaseMs: number;
  /** Called when something that was appended has been committed. */
  readonly notify: () => void;
}

/** What one try of a handler joined. */
export interface Joined {
  readonly session: Session;
  /** The effects of earlier events stand in the transaction too, before a savepoint. */
  readonly shared: boolean;
}

/**
 * What handlers wrote in one transaction cannot be committed, and was rolled back: a handler ended it, or PostgreSQL refused the
 * commit. `cause` says why. Which of several handlers is to blame shows where each has a transaction of its own.
 */
export class CommitRefused extends Error {
  constructor(cause: unknown) {
    super("what the handlers wrote cannot be committed", { cause });
  }
}

/**
 * The transaction of a shard's handlers: opens at the first use, holds the effects of one event after the other, and
 * commits them with the checkpoint. Each event after the first begins at a savepoint, so that one that fails takes none of
 * those before it along.
 */
export class HandlerTransaction {
  readonly #settings: TransactionSettings;
  readonly #checkpoint: Checkpoint;
  readonly #turns = new Semaphore(1);
  /** A name that no handler uses: going back to another savepoint than our own would leave a part of what failed. */
  readonly #event = `tidemark_${randomUUID().replaceAll("-", "")}`;
  #open: (OpenTransaction & { readonly pid: number; readonly since: number; readonly release: () => void }) | undefined;
  #savepoint = false;
  #appended = false;

  constructor(settings: TransactionSettings, checkpoint: Checkpoint) {
    this.#settings = settings;
    this.#checkpoint = checkpoint;
  }

  /** How long it has been open, in milliseconds; undefined where it is not. */
  get openMs(): number | undefined {
    return this.#open && performance.now() - this.#open.since;
  }

  /** A handler appended events in it. */
  appended(): void {
    this.#appended = true;
  }

  join(signal: AbortSignal): Promise<Joined> {
    return this.#turns.run(async () => {
      if (this.#open) {
        const { session } = this.#open;
        await this.#unlessEnded(() => session.execute(`${this.#savepoint ? `release savepoint ${this.#event}; ` : ""}savepoint ${this.#event}`));
        this.#savepoint = true;
        return { session, shared: true };
      }
      return { session: await this.#begin(signal), shared: false };
    });
  }

  async #begin(signal: AbortSignal): Promise<Session> {
    const { database, statements, handlerTransactions, leaseMs } = this.#settings;
    const release = await handlerTransactions.acquire({ signal });
    try {
      const open = await openTransaction(database, leaseMs);
      try {
        const { id, fence } = this.#checkpoint.shard;
        const [row] = await this.#checkpoint.guard(() => open.session.query(statements.enter, [id, fence]));
        this.#open = { ...open, pid: toSafeInteger(row?.["pid"]), since: performance.now(), release };
        this.#savepoint = false;
        this.#appended = false;
        return open.session;
      } catch (error) {
        await open.rollback();
        throw error;
      }
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Undoes what the last to join did. What it shares the transaction with stays. */
  undo(joined: Joined): Promise<void> {
    return this.#turns.run(async () => {
      if (!joined.shared) return await this.#end((open) => open.rollback());
      if (this.#open?.session === joined.session) await this.#unlessEnded(() => joined.session.execute(`rollback to savepoint ${this.#event}`));
    });
  }

  /** Runs a statement that the server refuses where a handler ended the transaction, or went back beyond its own event. */
  async #unlessEnded(statement: () => Promise<void>): Promise<void> {
    try {
      await statement();
    } catch (error) {
      await this.#end((open) => open.rollback());
      throw refusalOf(error);
    }
  }

  rollback(): Promise<void> {
    return this.#turns.run(() => this.#end((open) => open.rollback()));
  }

  /**
   * Moves the checkpoint, and commits with it what the handlers wrote; in one statement of its own where they wrote nothing.
   * Rejects with `CommitRefused` where nothing of that was written and the same transaction would be refused again.
   *
   * @param unless - Asked when its turn has come: true leaves everything as it is.
   */
  commit(to: Anchor, unless: () => boolean = () => false): Promise<void> {
    return this.#turns.run(async () => {
      if (unless() || (to.position === this.#checkpoint.written.position && !this.#open)) return;
      if (!this.#open) return await this.#settings.checkpoints.move(this.#checkpoint, to);
      await this.#commitWith((session) => this.#checkpoint.move(session, to));
      this.#checkpoint.moved(to);
    });
  }

  /** Commits with `last` as its last statement; where nothing is open, that is all. Rejects as `commit`. */
  commitWith(last: (session: Session | Database) => Promise<void>): Promise<void> {
    return this.#turns.run(() => this.#commitWith(last));
  }

  async #commitWith(last: (session: Session | Database) => Promise<void>): Promise<void> {
    if (!this.#open) return await last(this.#settings.database);
    const appended = this.#appended;
    const { session } = this.#open;
    // A savepoint of an earlier event's that a handler went back to took ours along.
    if (this.#savepoint) await this.#unlessEnded(() => session.execute(`release savepoint ${this.#event}`));
    await this.#end(async (open) => {
      try {
        await last(open.session);
      } catch (error) {
        await open.rollback();
        // What can succeed a moment later says nothing of the handlers.
        throw isTidemarkError(error) && error.retryable && !wasCutOff(error) ? error : refusalOf(error);
      }
      await open.commit().catch((error: unknown) => {
        throw refusalOf(error);
      });
    });
    if (appended) this.#settings.notify();
  }

  async #end(how: (open: OpenTransaction) => Promise<void>): Promise<void> {
    const open = this.#open;
    if (!open) return;
    this.#open = undefined;
    try {
      await how(open);
    } finally {
      open.release();
    }
  }

  /** Cancels what the transaction's connection runs, from another one: a handler whose time is up must not hold it. */
  async cancel(): Promise<void> {
    if (this.#open) await this.#settings.database.side().query(this.#settings.statements.cancel, [this.#open.pid]);
  }
}

/** An answer of the server's, as a `CommitRefused`; anything else, as it is. 3B001: the savepoint is gone. */
function refusalOf(error: unknown): unknown {
  if (isTidemarkError(error, "TRANSACTION_ENDED")) return new CommitRefused(error);
  if (wasCutOff(error)) return new CommitRefused(error);
  if (!isTidemarkError(error, "DATABASE")) return error;
  return new CommitRefused(error.sqlState === "3B001" ? new TransactionEndedError({ cause: error }) : error);
}
