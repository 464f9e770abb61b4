import { ConnectionError } from "../errors/database.ts";
import type { Call, Exchange, Statement, TextRow } from "./database.ts";
import type { PgResult } from "./pg-client.ts";
import type { PgConnection } from "./pg-connection.ts";
import { PgPipeline } from "./pg-pipeline.ts";
import type { Statements } from "./pg-statements.ts";
import { beginMode, explainBegin, failedBefore, lostStatement, outcomeUnknown, rollback } from "./pg-transaction.ts";
import type { Limits } from "./verdict.ts";

const begin: Statement = { name: "tidemark_begin", text: `begin ${beginMode}` };
const enter: Statement = {
  name: "tidemark_begin_exchange",
  text: "select pg_catalog.set_config('idle_in_transaction_session_timeout', $1, true), pg_catalog.set_config('enable_seqscan', 'off', true)",
};
const commit: Statement = { name: "tidemark_commit", text: "commit" };

/** A transaction in two messages; see `Database.exchange`. */
export async function runExchange<T>(
  connection: PgConnection,
  statements: Statements,
  limits: Limits,
  idleTimeoutMs: number,
  { first, second }: Exchange<T>,
): Promise<T> {
  const beginning: readonly Call[] = [
    { statement: begin, values: [], explain: (error) => explainBegin(connection, error) },
    { statement: enter, values: [String(Math.ceil(idleTimeoutMs))] },
  ];
  let last: readonly Call[];
  let result: T;
  try {
    const answers = await sendTogether(connection, statements, [...beginning, ...first], limits);
    ({ last, result } = second(answers.slice(beginning.length).map(({ rows }) => rows as TextRow[])));
  } catch (error) {
    await rollback(connection);
    throw error;
  }
  try {
    const answers = await sendTogether(connection, statements, [...last, { statement: commit, values: [] }], limits);
    if (answers.at(-1)?.command !== "COMMIT") throw failedBefore();
  } catch (error) {
    if (error instanceof ConnectionError && error.sent) throw outcomeUnknown(error);
    await rollback(connection);
    throw error;
  }
  return result;
}

/** In one message. Rejects with what the first that failed has to say. */
export async function sendTogether(connection: PgConnection, statements: Statements, calls: readonly Call[], limits: Limits): Promise<readonly PgResult[]> {
  const pipeline = new PgPipeline(calls.map(({ statement, values }) => statements.query(statement, values, connection.client)));
  try {
    return await connection.runPipeline(pipeline, limits);
  } catch (error) {
    if (statements.lost(error)) throw lostStatement(error);
    throw calls[pipeline.completed]?.explain?.(error) ?? error;
  }
}
