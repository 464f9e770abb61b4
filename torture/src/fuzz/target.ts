import { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import { startServer, type Version } from "@tidemark/servers";
import { openEventStore, type EventStore, type StoreOptions, type TransactionClient } from "tidemark";
import { checkOpenArguments } from "../../../packages/tidemark/src/arguments/store-options.ts";
import type { Database } from "../../../packages/tidemark/src/database/database.ts";
import { openDatabase } from "../../../packages/tidemark/src/store/open-database.ts";
import { asyncSummaries, inlineSummaries } from "./projections.ts";

export type Isolation = "read committed" | "repeatable read" | "serializable";
/** What a caller says in the end of a transaction of its own. */
export type Ending = "commit" | "rollback";

/** A database that callers use, and what they use it by. */
export interface Target extends AsyncDisposable {
  readonly name: string;
  /** It has one connection, so that a call beside an open transaction waits for it. */
  readonly embedded: boolean;
  readonly store: EventStore;
  /** A second store, without projections, that imports write: one that knows no inline projection would leave those of `store` behind. */
  readonly copy: EventStore;
  /** What the command line imports and exports by. */
  readonly database: Database;
  /** Runs `work` in a transaction of the caller's own client; commits or rolls back as it says, and rolls back when it throws. */
  inTransaction(isolation: Isolation, work: (client: TransactionClient) => Promise<Ending>): Promise<void>;
}

/** The schema of `Target.copy`. */
export const copySchema = "fuzz copy";
const logger = { debug() {}, info() {}, warn() {}, error: console.error };

async function openStores(url: string | undefined, options: StoreOptions): Promise<Pick<Target, "store" | "copy" | "database">> {
  const open = (more: StoreOptions): Promise<EventStore> =>
    url === undefined ? openEventStore({ ...options, logger, ...more }) : openEventStore(url, { ...options, logger, ...more });
  const store = await open({ projections: [inlineSummaries, asyncSummaries] });
  const copy = await open({ schema: copySchema });
  const checked = checkOpenArguments(url === undefined ? [{ ...options, logger }] : [url, { ...options, logger }]);
  return { store, copy, database: await openDatabase(checked.target, checked.options) };
}

async function closeStores({ store, copy, database }: Pick<Target, "store" | "copy" | "database">): Promise<void> {
  await Promise.all([store.close(), copy.close()]);
  await database.close();
}

/** A server of its own. */
export async function startTarget(version: Version): Promise<Target> {
  const server = await startServer({ version });
  const stores = await openStores(server.url, {});
  const pool = new pg.Pool({ connectionString: server.url, max: 8 });
  return {
    name: `PostgreSQL ${version}`,
    embedded: false,
    ...stores,
    async inTransaction(isolation, work) {
      const client = await pool.connect();
      try {
        await client.query(`begin isolation level ${isolation}`);
        const ending = await work(client);
        const { command } = await client.query(ending);
        if (ending === "commit" && command !== "COMMIT") throw new Error("the server rolled back what was to be committed");
      } finally {
        await client.query("rollback");
        client.release();
      }
    },
    async [Symbol.asyncDispose]() {
      await closeStores(stores);
      await pool.end();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** An embedded database in memory, which the stores and the callers share. */
export async function openEmbedded(): Promise<Target> {
  const pglite = await PGlite.create();
  const stores = await openStores(undefined, { pool: pglite });
  return {
    name: "PGlite",
    embedded: true,
    ...stores,
    async inTransaction(isolation, work) {
      await pglite.transaction(async (tx) => {
        await tx.query(`set transaction isolation level ${isolation}`);
        if ((await work(tx)) === "rollback") await tx.rollback();
      });
    },
    async [Symbol.asyncDispose]() {
      await closeStores(stores);
      await pglite.close();
    },
  };
}
