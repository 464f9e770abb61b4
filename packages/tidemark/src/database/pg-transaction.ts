import { ConnectionError, DatabaseError, TransactionEndedError } from "../errors/database.ts";
import { InvalidArgumentError, isTidemarkError } from "../errors/errors.ts";
import { OutcomeUnknownError } from "../errors/appending.ts";
import type { Session, TransactionOptions, UserResult } from "./database.ts";
import { connectionQueueOf } from "./connection-queue.ts";
import { allowCommit, foundNoHeldCommit, holdCommit } from "./held-commit.ts";
import type { PgConnection } from "./pg-connection.ts";
import type { Statements } from "./pg-statements.ts";
import { asScript, createSession, type Sending } from "./session.ts";
import { serverAnswer } from "./sql-state.ts";
import { defaultGraceMs, type Limits } from "./verdict.ts";

/** Everything said that a role or a database may have changed the default of. */
export const beginMode = "isolation level read committed read write";

/**
 * Begins with everything said that a role or a database may have changed the default of. Two statements in one message are
 * one round trip.
 *
 * @param also - What else to begin with.
 */
export async function begin(connection: PgConnection, idleTimeoutMs: number, limits: Limits, also = ""): Promise<void> {
  try {
    await connection.run({ text: `begin ${beginMode}; set local idle_in_transaction_session_timeout = ${Math.ceil(idleTimeoutMs)}${also}` }, limits);
  } catch (error) {
    await rollback(connection);
    throw explainBegin(connection, error);
  }
}

/** What it means that BEGIN failed. */
export function explainBegin(connection: PgConnection, error: unknown): unknown {
  if (!isTidemarkError(error, "DATABASE") || error.sqlState !== "0A000") return error;
  connection.leaveDemoted();
  return new DatabaseError(
    "The server is a standby, which cannot write: it failed over, or the connection string names a replica. Nothing was written: try again once it is promoted.",
    {
      sqlState: "25006",
      cause: error,
      // It may be the one that is about to be promoted.
      retryable: true,
    },
  );
}

export async function commit(connection: PgConnection, limits: Limits): Promise<void> {
  const { command } = await connection.run({ text: "commit" }, limits);
  if (command !== "COMMIT") throw failedBefore();
}

/** Commits what began with `holdCommit`, after `last`; rolls it back where that fails. */
async function commitHolding(connection: PgConnection, limits: Limits, last: string): Promise<void> {
  try {
    await connection.run({ text: asScript([...(last === "" ? [] : [last]), allowCommit, "commit"]) }, limits);
  } catch (error) {
    if (!isTidemarkError(error, "DATABASE")) throw error;
    await rollback(connection);
    if (foundNoHeldCommit(error)) throw new TransactionEndedError({ cause: error });
    throw error.sqlState === "25P02" ? failedBefore(error) : error;
  }
}

export function failedBefore(cause?: DatabaseError): DatabaseError {
  return new DatabaseError(
    "A statement of this transaction failed before, so PostgreSQL turned the commit into a rollback. Nothing was written: let the first error pass through.",
    { sqlState: "25P02", ...(cause && { cause }) },
  );
}

/** Never fails: a connection that cannot roll back is closed, which rolls back. */
export async function rollback(connection: PgConnection): Promise<void> {
  if (!connection.reusable) return connection.discard();
  await connection.run({ text: "rollback" }, { timeoutMs: defaultGraceMs }).catch(() => connection.discard());
}

/** Runs `work` between BEGIN and COMMIT; see `Database.transaction`. */
export async function runTransaction<T>(
  connection: PgConnection,
  statements: Statements,
  limits: Limits,
  { idleTimeoutMs, withCommit = () => "" }: TransactionOptions & { readonly idleTimeoutMs: number },
  work: (session: Session) => Promise<T>,
): Promise<T> {
  await begin(connection, idleTimeoutMs, limits, `; ${holdCommit}`);
  let ended = false;
  const refuseAfterEnd = async (): Promise<void> => {
    if (ended) throw new InvalidArgumentError("tx", "was used after its transaction had ended. Await everything inside the callback.");
    if ((await connection.status(limits.timeoutMs)) === "I") throw new TransactionEndedError();
  };
  const queue = connectionQueueOf(connection.client);
  const session = createSession(queue, explainEnd(connection, limits.timeoutMs, sendOnPg(connection, statements, limits.timeoutMs, refuseAfterEnd)));
  const end = <E>(how: () => Promise<E>): Promise<E> =>
    queue.take(() => {
      ended = true;
      return how();
    });
  let result: T;
  let last: string;
  try {
    result = await work(session);
    await queue.settled();
    last = withCommit();
  } catch (error) {
    ended = true;
    // On a connection that was closed meanwhile no turn may ever come.
    if (connection.reusable) await queue.take(() => rollback(connection));
    else connection.discard();
    throw error;
  }
  try {
    await end(() => commitHolding(connection, limits, last));
  } catch (error) {
    if (!(error instanceof ConnectionError && error.sent)) throw error;
    throw outcomeUnknown(error);
  }
  return result;
}

export function outcomeUnknown(cause: ConnectionError): OutcomeUnknownError {
  return new OutcomeUnknownError(
    "The connection was lost while the transaction committed. Whether it did is unknown: look for what it would have written before you run it again.",
    [],
    { cause },
  );
}

/** A COMMIT of the user's that `holdCommit` made fail has ended the transaction all the same. */
function explainEnd(connection: PgConnection, waitMs: number, sending: Sending): Sending {
  return {
    ...sending,
    userQuery: <Row>(text: string, values: readonly unknown[]) =>
      sending.userQuery<Row>(text, values).catch(async (error: unknown) => {
        throw isTidemarkError(error, "DATABASE") && (await connection.status(waitMs)) === "I" ? new TransactionEndedError({ cause: error }) : error;
      }),
  };
}

/** In a transaction, which it fails. */
export function lostStatement(cause: unknown): DatabaseError {
  return new DatabaseError(
    "The server lost a prepared statement, which failed this transaction. Nothing was written: run it again; statements are no longer prepared.",
    { sqlState: serverAnswer(cause)?.sqlState ?? "26000", cause, retryable: true },
  );
}

/** Sends on a connection that is inside a transaction. `check` runs before each statement. */
export function sendOnPg(connection: PgConnection, statements: Statements, defaultTimeoutMs: number, check: () => void | Promise<void>): Sending {
  return {
    client: connection.client,
    async query(statement, values, { signal, timeoutMs = defaultTimeoutMs } = {}) {
      await check();
      try {
        return await connection.runStatement(statements.query(statement, values, connection.client), { signal, timeoutMs });
      } catch (error) {
        throw statements.lost(error) ? lostStatement(error) : error;
      }
    },
    async userQuery<Row>(text: string, values: readonly unknown[]): Promise<UserResult<Row>> {
      await check();
      const { rows, rowCount } = await connection.run({ text, values }, { timeoutMs: defaultTimeoutMs });
      return { rows: rows as Row[], rowCount };
    },
    async execute(script, { signal, timeoutMs = defaultTimeoutMs } = {}) {
      await check();
      await connection.run({ text: asScript(script) }, { signal, timeoutMs });
    },
  };
}
