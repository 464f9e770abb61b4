import type { Value } from "./database.ts";
import type { PgClient, PgQuery, PgResult } from "./pg-client.ts";
import { type RowClass, rowClass, type TextRow } from "./text-row.ts";

export interface PipelinedQuery extends PgQuery {
  readonly values: readonly Value[];
}

/** What is used of a client's connection to send a message made of several statements. All copies of `pg` 8 have it, `pg-native` has not. */
export interface PgExtendedProtocol {
  readonly stream: { cork(): void; uncork(): void };
  parse(message: { readonly name: string; readonly text: string }): void;
  bind(message: { readonly statement: string; readonly values: readonly (string | null)[] }): void;
  describe(message: { readonly type: "P"; readonly name: string }): void;
  execute(message: { readonly portal: string; readonly rows: number }): void;
  sync(): void;
  on(event: "parseComplete", listener: () => void): unknown;
  removeListener(event: "parseComplete", listener: () => void): unknown;
}

const noColumns: RowClass = rowClass([]);

/**
 * By client: the statements that are prepared on its connection, and the columns of those that it was asked for, which it need not
 * tell again. `pg` keeps a list of its own, of what it prepares itself: none of the library's, where this can send them.
 */
const preparedOn = new WeakMap<object, Map<string, RowClass | undefined>>();

/**
 * Several statements in one message of the extended protocol, with one Sync behind them: one round trip. The server runs them one
 * after the other, each with a snapshot of its own; at the first that fails it leaves out the rest.
 *
 * This is a query of `pg`'s like those of pg-cursor: nothing else that is sent on the client comes between its statements. (The
 * driver's own `pipeline: true` would let it, sends a Sync behind each statement, so that what follows a BEGIN that failed runs
 * without a transaction, and takes cursors from those who share the pool.)
 */
export class PgPipeline {
  readonly #queries: readonly PipelinedQuery[];
  readonly #answered = Promise.withResolvers<readonly PgResult[]>();
  readonly #results: PgResult[] = [];
  /** Of statements whose preparation was sent, and not answered yet. */
  readonly #preparing: string[] = [];
  #prepared: Map<string, RowClass | undefined> = new Map();
  /** Of the statement that is answered. */
  #rowClass: RowClass = noColumns;
  #rows: TextRow[] = [];
  #sentOn: PgExtendedProtocol | undefined;

  constructor(queries: readonly PipelinedQuery[]) {
    this.#queries = queries;
  }

  /** How many of the statements have succeeded. */
  get completed(): number {
    return this.#results.length;
  }

  async send(client: PgClient): Promise<readonly PgResult[]> {
    if (canPipeline(client)) {
      const prepared = preparedOn.get(client) ?? new Map<string, RowClass | undefined>();
      preparedOn.set(client, prepared);
      this.#prepared = prepared;
      client.query(this);
      return await this.#answered.promise;
    }
    for (const query of this.#queries) this.#results.push(await client.query(query));
    return this.#results;
  }

  /** Called by `pg` when it is the turn of this. */
  submit(connection: PgExtendedProtocol): void {
    const { stream } = connection;
    const preparing = new Set<string>();
    stream.cork();
    try {
      for (const { text, name = "", values } of this.#queries) {
        if (name === "" || !(this.#prepared.has(name) || preparing.has(name))) {
          connection.parse({ name, text });
          preparing.add(name);
          this.#preparing.push(name);
        }
        connection.bind({ statement: name, values: values.map((value) => (value === null ? null : String(value))) });
        if (this.#prepared.get(name) === undefined) connection.describe({ type: "P", name: "" });
        connection.execute({ portal: "", rows: 0 });
      }
      connection.sync();
    } finally {
      stream.uncork();
    }
    this.#begin();
    if (this.#preparing.length === 0) return;
    this.#sentOn = connection;
    connection.on("parseComplete", this.#onPrepared);
  }

  /** The next answer is that of the first statement which has none. */
  #begin(): void {
    const name = this.#queries[this.#results.length]?.name;
    this.#rowClass = (name === undefined ? undefined : this.#prepared.get(name)) ?? noColumns;
    this.#rows = [];
  }

  /** Also where a later statement fails: the server has it all the same, and would refuse to prepare it once more. */
  readonly #onPrepared = (): void => {
    const name = this.#preparing.shift();
    if (name) this.#prepared.set(name, undefined);
  };

  handleRowDescription({ fields }: { readonly fields: readonly { readonly name: string }[] }): void {
    this.#rowClass = rowClass(fields.map(({ name }) => name));
    const name = this.#queries[this.#results.length]?.name;
    if (name !== undefined) this.#prepared.set(name, this.#rowClass);
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    this.#rows.push(new this.#rowClass(fields));
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    const [command = ""] = text.split(" ");
    const name = this.#queries[this.#results.length]?.name;
    // Of a statement without columns no description comes.
    if (name !== undefined && this.#prepared.get(name) === undefined) this.#prepared.set(name, noColumns);
    this.#results.push({ command, rowCount: this.#rows.length, rows: this.#rows });
    this.#begin();
  }

  handleReadyForQuery(): void {
    this.#end();
    this.#answered.resolve(this.#results);
  }

  handleError(error: unknown): void {
    this.#end();
    this.#answered.reject(error);
  }

  #end(): void {
    this.#sentOn?.removeListener("parseComplete", this.#onPrepared);
  }
}

/** A client whose `pipeline` is on takes no queries but its own. */
function canPipeline(client: PgClient): boolean {
  return client.pipeline !== true && ["parse", "bind", "describe", "execute", "sync"].every((message) => hasMethod(client.connection, message));
}

function hasMethod(connection: PgClient["connection"], name: string): boolean {
  return connection !== undefined && typeof Reflect.get(connection, name) === "function";
}
