import type { Database } from "../../src/database/database.ts";
import type { Logger } from "../../src/database/logger.ts";
import { openPgDatabase } from "../../src/database/pg.ts";
import { defaultPoolSettings } from "../../src/database/pool-settings.ts";

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export function openDatabase(url: string): Promise<Database> {
  return openPgDatabase({ connection: url, settings: defaultPoolSettings, prepare: true, logger: silent });
}
