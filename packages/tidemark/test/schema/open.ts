import { checkStoreOptions } from "../../src/arguments/store-options.ts";
import type { Database } from "../../src/database/database.ts";
import { openPgDatabase } from "../../src/database/pg.ts";

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A database as a store would open it. Imports no test runner, so that a process of its own can use it. */
export function openDatabase(url: string): Promise<Database> {
  const { pool, prepare, logger } = checkStoreOptions({ logger: quiet });
  return openPgDatabase({ connection: url, settings: pool, prepare, logger });
}
