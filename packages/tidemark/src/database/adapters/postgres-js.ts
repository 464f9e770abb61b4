import { InvalidArgumentError } from "../../errors/errors.ts";
import { transactionBegan, unlessOutside } from "../same-transaction.ts";
import type { AdaptedTransaction, TransactionClient } from "../transaction-client.ts";

interface PostgresJsTransaction {
  // oxlint-disable-next-line no-explicit-any -- as postgres.js types them
  unsafe(text: string, values?: any): PromiseLike<any>;
}

/** What postgres.js resolves to: the rows, with what the server said of the command. */
interface Result extends Array<unknown> {
  readonly count?: number | null;
}

interface Pending extends PromiseLike<Result> {
  /** Rows as arrays of the bytes that the server sent, past all transforms but one of whole rows. */
  raw(): PromiseLike<readonly unknown[]>;
}

/**
 * Joins a postgres.js transaction, for `store.withTransaction(fromPostgresJs(sql))`. A client's `transform` is heeded for your
 * own statements and has no effect on the store's, nor on those of inline projections.
 *
 * @param sql - What `sql.begin(async (sql) => …)` passes to its callback, or a reserved connection after BEGIN. Use it only
 * until the callback returns: later the store's own statements are refused, and postgres.js runs one of yours outside the transaction.
 * @throws {@link InvalidArgumentError} — `sql` is the client itself, which runs each query on any connection.
 *
 * @example
 * ```ts
 * export async function place(sql: Sql): Promise<void> {
 *   await sql.begin(async (tx) => {
 *     await store.withTransaction(fromPostgresJs(tx)).appendToStream("cart-1", [itemAdded]);
 *   });
 * }
 * ```
 */
export function fromPostgresJs(sql: PostgresJsTransaction): TransactionClient {
  if (!(sql instanceof Object) || typeof sql.unsafe !== "function") throw new InvalidArgumentError("sql", "is not a postgres.js transaction.");
  if ("begin" in sql) throw new InvalidArgumentError("sql", "is the postgres.js client itself. Pass the sql that sql.begin(async (sql) => …) gives you.");
  const send = (text: string, values: unknown[]): Pending => sql.unsafe(text, values) as Pending;
  let renames = false;
  const query: TransactionClient["query"] = async (text, values) => {
    const result = await send(text, values);
    return { rows: Array.from(result), rowCount: result.count ?? null };
  };
  const queryLines = async (text: string, values: unknown[]): Promise<readonly string[]> => (await send(text, values).raw()).map(lineOf);
  const adapted: AdaptedTransaction = {
    connection: () => sql,
    async began() {
      const found = await probe(send);
      if (found) ({ renames } = found);
      return found?.began;
    },
    query,
    async queryAsWritten(text, values) {
      if (!renames || returnsNothing(text)) return query(text, values);
      // The names are in the row's text, which no transform reads.
      const lines = await queryLines(`with line as (${text}) select pg_catalog.row_to_json(line)::text as line from line`, values);
      return { rows: lines.map((line) => JSON.parse(line)) };
    },
    queryLines,
  };
  return adapted;
}

/** A transform of whole rows is given raw ones, too. */
function lineOf(row: unknown): string {
  const line: unknown = Array.isArray(row) ? row[0] : undefined;
  if (line instanceof Uint8Array) return Buffer.from(line).toString();
  throw new InvalidArgumentError(
    "sql",
    "is of a client with a transform of rows, which leaves nothing to read. Transform values or columns, or leave raw rows, which are arrays, as they are.",
  );
}

/** What writes into a table and gives no row back has no place inside another statement, and no names to lose. */
function returnsNothing(text: string): boolean {
  return /\b(insert into|delete from)\b/i.test(text) && !/\breturning\b/i.test(text);
}

interface Probe {
  readonly began: string;
  /** The client changes the names of columns. */
  readonly renames: boolean;
}

/**
 * One round trip, by the simple protocol. Every transform of names that postgres.js brings changes this one. Undefined outside a
 * transaction.
 */
async function probe(send: (text: string, values: unknown[]) => Pending): Promise<Probe | undefined> {
  return await unlessOutside(async () => {
    const results = await send(
      `savepoint tidemark_probe; release savepoint tidemark_probe; select 'as is' as tidemark_probe, ${transactionBegan} as began`,
      [],
    );
    const [row] = Array.from(results).flat().slice(-1);
    const began = Object.values(row instanceof Object ? row : {}).find((value): value is string => /^\d+$/.test(String(value)));
    // A transform of values may have changed it.
    return {
      began: began ?? lineOf((await send(`select ${transactionBegan}`, []).raw())[0]),
      renames: !JSON.stringify(row).includes('"tidemark_probe":"as is"'),
    };
  });
}
