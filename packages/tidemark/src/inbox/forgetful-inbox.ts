import type { Database, Statement } from "../database/database.ts";
import { errorDetails } from "../database/error-details.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { toSafeInteger } from "../database/number.ts";
import type { Logger } from "../model/logger.ts";

/** Of one statement, whose row locks last as long as it. */
const batchSize = 1_000;
const everyMs = 60_000;

/**
 * Removes the ids of messages that were kept for long enough: at most once a minute, beside what is received, in batches. It skips rows that
 * others lock, so that two processes do not wait for each other.
 */
export class ForgetfulInbox {
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #forget: Statement;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(database: Database, schema: string, logger: Logger) {
    this.#database = database;
    this.#logger = logger;
    const inbox = `${quoteIdentifier(schema)}.inbox`;
    this.#forget = {
      name: "tidemark_inbox_forget",
      text: `
with old as materialized (
  select i.tenant, i.message_id
    from ${inbox} as i
   where i.forget_at < (select pg_catalog.clock_timestamp())
   order by i.forget_at
   limit ${batchSize}
     for update skip locked
), gone as (
  delete from ${inbox} as i using old where i.tenant = old.tenant and i.message_id = old.message_id returning 1
)
select pg_catalog.count(*)::text as forgotten from gone`,
    };
  }

  /** A message was received: so many more than are forgotten would fill the table. */
  added(): void {
    if (this.#stopped || this.#running || performance.now() - this.#lookedAt < everyMs) return;
    this.#lookedAt = performance.now();
    this.#running = this.#run().finally(() => (this.#running = undefined));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  /** Never rejects: what is not forgotten now is forgotten a minute later. */
  async #run(): Promise<void> {
    try {
      let forgotten = batchSize;
      while (forgotten === batchSize && !this.#stopped) {
        const [row] = await this.#database.query(this.#forget, []);
        forgotten = toSafeInteger(row?.["forgotten"]);
      }
    } catch (error) {
      this.#logger.warn(`tidemark: the inbox could not forget old messages, and tries again in a minute: ${errorDetails(error).message}`);
    }
  }
}
