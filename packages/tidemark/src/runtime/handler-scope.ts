import type { DriverClient } from "../model/driver.ts";
import type { QueryOptions, Session, Statement, TextRow, TransactionHolder, UserResult, Value } from "../database/database.ts";
import { heldCommitFailed } from "../database/held-commit.ts";
import { wasCutOff } from "../database/sql-state.ts";
import { Unfinished } from "../async/unfinished.ts";
import { FencedError } from "../errors/following.ts";
import { ConnectionError, PoolTimeoutError, TransactionEndedError } from "../errors/database.ts";
import { InvalidArgumentError, isTidemarkError } from "../errors/errors.ts";
import type { HandlerSession } from "./follower.ts";
import { CommitRefused, type HandlerTransaction, type Joined } from "./handler-transaction.ts";
import { lazyClient } from "./lazy-client.ts";
import type { HeldShard } from "./shard.ts";

type Loss = ConnectionError | PoolTimeoutError | CommitRefused;

/**
 * Without an answer of the server's it was the connection's fault; cut off for sitting idle, or for taking too long, it was the handler's. A transaction that
 * is over before this handler joins it was ended by another one.
 */
function isLoss(error: unknown): error is Loss {
  return (error instanceof ConnectionError && !wasCutOff(error)) || error instanceof PoolTimeoutError || error instanceof CommitRefused;
}

/**
 * One try of a handler: the session behind its context. It joins the shard's transaction at the first use, and refuses every
 * use after the try is over, so that a handler that was given up on can write nothing any more.
 */
export class HandlerScope implements HandlerSession, TransactionHolder {
  readonly shard: HeldShard;
  readonly attempt: number;
  readonly #transaction: HandlerTransaction;
  #abort: AbortController | undefined;
  #client: DriverClient | undefined;
  #joining: Promise<Joined> | undefined;
  /** What the handler started, and perhaps did not wait for. */
  readonly #unfinished = new Unfinished();
  #ended: unknown;
  #open = false;
  /** The connection or the transaction was lost, or never came: the event is not to blame. */
  #lost: Loss | undefined;
  /** The first statement that PostgreSQL refused, and with it the transaction, unless the handler went back to a savepoint. */
  #refused: unknown;

  constructor(transaction: HandlerTransaction, shard: HeldShard, attempt: number) {
    this.#transaction = transaction;
    this.shard = shard;
    this.attempt = attempt;
  }

  appended(): void {
    this.#transaction.appended();
  }

  joined(): Promise<object> {
    return this.#use(async (session) => session);
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController();
      if (this.#ended instanceof Error) this.#abort.abort(this.#ended);
    }
    return this.#abort.signal;
  }

  /** Whether the transaction waits for this try. */
  get open(): boolean {
    return this.#open;
  }

  get lost(): Loss | undefined {
    return this.#lost;
  }

  /** Whether it asked for the transaction and has not got it: it waits for a connection, or for others that hold them. */
  get waiting(): boolean {
    return this.used && !this.#open;
  }

  /** Whether the try used the database. */
  get used(): boolean {
    return this.#joining !== undefined;
  }

  get client(): DriverClient {
    return (this.#client ??= lazyClient((work) => this.withClient(work)));
  }

  query(statement: Statement, values: readonly Value[], options?: QueryOptions): Promise<readonly TextRow[]> {
    return this.#use((session) => session.query(statement, values, options));
  }

  userQuery<Row>(text: string, values: readonly unknown[]): Promise<UserResult<Row>> {
    return this.#use((session) => session.userQuery<Row>(text, values));
  }

  handlerQuery<Row>(text: string, values: readonly unknown[]): Promise<UserResult<Row>> {
    return this.#use((session) => session.handlerQuery<Row>(text, values));
  }

  execute(script: string | readonly string[], options?: QueryOptions): Promise<void> {
    return this.#use((session) => session.execute(script, options));
  }

  alone<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#use((session) => session.alone(work));
  }

  withClient<T>(work: (client: DriverClient) => Promise<T>): Promise<T> {
    return this.#use((session) => session.withClient(work));
  }

  enlist<T>(work: Promise<T>): Promise<T> {
    return this.#unfinished.add(work);
  }

  settled(): Promise<void> {
    return this.#unfinished.settled();
  }

  #use<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.enlist(this.#join(work));
  }

  async #join<T>(work: (session: Session) => Promise<T>): Promise<T> {
    this.#refuseAfterEnd();
    try {
      const { session } = await (this.#joining ??= this.#transaction.join(this.signal));
      this.#refuseAfterEnd();
      this.#open = true;
      return await work(session);
    } catch (thrown) {
      const error = heldCommitFailed(thrown) ? new TransactionEndedError({ cause: thrown }) : thrown;
      if (isLoss(error)) this.#lost ??= error;
      else if (!isTidemarkError(error, "INVALID_ARGUMENT")) this.#refused ??= error;
      throw error;
    }
  }

  #refuseAfterEnd(): void {
    if (this.#ended instanceof FencedError) throw this.#ended;
    if (this.#ended !== undefined)
      throw new InvalidArgumentError("context", "was used after its handler had ended, or after its time was up. Await everything inside the handler.");
  }

  /** The handler returned, or is waited for no longer. */
  end(reason: unknown = "the handler ended"): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#open = false;
    if (reason instanceof Error) this.#abort?.abort(reason);
  }

  /**
   * After a handler that returned: waits for what it did not wait for, and throws when that failed, or when a statement of it
   * failed, and PostgreSQL the transaction with it.
   */
  async settle(): Promise<void> {
    await this.settled();
    if (this.#lost !== undefined) throw this.#lost;
    if (this.#refused === undefined || !this.#joining) return;
    const { session } = await this.#joining;
    // Within a savepoint of the handler's own it may have gone on.
    await session.execute("select 1").catch((error: unknown) => {
      throw isTidemarkError(error, "TRANSACTION_ENDED") ? error : this.#refused;
    });
  }

  /** Undoes what the try wrote. */
  async undo(): Promise<void> {
    const joined = await this.#joining?.catch(() => undefined);
    if (joined) await this.#transaction.undo(joined);
  }
}
