import { isPGlite, isPgPool } from "../arguments/pool-options.ts";
import type { ValidStoreOptions } from "../arguments/store-options.ts";
import type { StoreTarget } from "../arguments/store-url.ts";
import type { Database } from "../database/database.ts";
import { openPgDatabase } from "../database/pg.ts";
import { openPGliteDatabase } from "../database/pglite.ts";

/** The database that a URL or a pool of the user's names. */
export function openDatabase(target: StoreTarget, { givenPool, pool, prepare, logger }: ValidStoreOptions): Promise<Database> {
  if (isPgPool(givenPool)) return openPgDatabase({ connection: givenPool, settings: pool, prepare, logger });
  if (isPGlite(givenPool)) return openPGliteDatabase({ source: givenPool, queryTimeoutMs: pool.queryTimeoutMs });
  if (target.kind === "server") return openPgDatabase({ connection: target.url, settings: pool, prepare, logger });
  return openPGliteDatabase({ source: target.kind === "folder" ? target.folder : undefined, queryTimeoutMs: pool.queryTimeoutMs });
}
