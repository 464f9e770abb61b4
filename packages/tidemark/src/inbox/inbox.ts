import { checkFunction, wholeNumber } from "../arguments/checks.ts";
import { checkMessageId } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import type { LifecyclePart } from "../async/lifecycle.ts";
import { BatchedRemoval } from "../database/batched-removal.ts";
import type { Database, Queryable, Statement } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { planned } from "../database/planned.ts";
import { milliseconds } from "../database/milliseconds.ts";
import { toSafeInteger } from "../database/number.ts";
import type { Logger } from "../model/logger.ts";
import type { Received, ReceiveOptions } from "./receive.ts";

/** Of one statement, whose row locks last as long as it. */
const batchSize = 1_000;
const dayMs = 24 * 60 * 60 * 1_000;
const shape = { keepMs: wholeNumber(1_000, 3_653 * dayMs) };

/** A message that is to be received. */
interface Message<Tx, T> {
  readonly tenant: string;
  readonly messageId: string;
  readonly work: (tx: Tx) => Promise<T>;
  readonly options: ReceiveOptions | undefined;
}

/** Runs a function in a transaction of its own, with the store and the session inside of it. */
type InTransaction<Tx> = <R>(run: (tx: Tx, session: Queryable) => Promise<R>) => Promise<R>;

/** The ids of messages from brokers: each is handled once, in the transaction that inserts its id. */
export class Inbox implements LifecyclePart {
  readonly #forgetting: BatchedRemoval;
  readonly #insert: Statement;
  readonly #find: Statement;

  constructor({ database, schema, logger }: { readonly database: Database; readonly schema: string; readonly logger: Logger }) {
    const at = quoteIdentifier(schema);
    const forget = forgetStatement(at);
    this.#forgetting = new BatchedRemoval({
      failed: "the inbox could not forget old messages",
      batchSize,
      logger,
      remove: async () => {
        const [row] = await database.query(forget, []);
        return toSafeInteger(row?.["forgotten"]);
      },
    });
    this.#insert = {
      name: "tidemark_inbox_insert",
      text: `
insert into ${at}.inbox as i (tenant, message_id, forget_at)
  values ($1, $2, pg_catalog.clock_timestamp() + $3::bigint::float8 * interval '1 millisecond')
  on conflict on constraint inbox_pkey do nothing
  returning '' as inserted`,
    };
    this.#find = planned(
      "inbox_find",
      `select ${milliseconds("i.received_at")} as received_at from ${at}.inbox as i where i.tenant = $1 and i.message_id = $2`,
    );
  }

  async receive<Tx, T>({ tenant, ...message }: Message<Tx, T>, inTransaction: InTransaction<Tx>): Promise<Received<T>> {
    const messageId = checkMessageId(message.messageId, "messageId");
    const work = checkFunction<typeof message.work>(message.work, "work");
    const { keepMs = 7 * dayMs } = checkOptions(message.options, shape);
    const received = await inTransaction(async (tx, session): Promise<Received<T>> => {
      const receivedAt = await this.#enter(session, [tenant, messageId, keepMs]);
      return receivedAt ? { handled: false, receivedAt } : { handled: true, result: await work(tx) };
    });
    if (received.handled) this.#forgetting.added();
    return received;
  }

  /** Resolves when it forgets nothing more. */
  async stop(): Promise<void> {
    await this.#forgetting.stop();
  }

  /** Inserts the id, once nobody else is about to. Returns when it was received, if it was. */
  async #enter(session: Queryable, [tenant, messageId, keepMs]: readonly [string, string, number]): Promise<Date | undefined> {
    for (;;) {
      const inserted = await session.query(this.#insert, [tenant, messageId, keepMs]);
      if (inserted.length > 0) return undefined;
      const [row] = await session.query(this.#find, [tenant, messageId]);
      if (row) return new Date(toSafeInteger(row["received_at"]));
      // It was forgotten in between.
    }
  }
}

/** It skips rows that others lock, so that two processes do not wait for each other. @param schema - Quoted. */
function forgetStatement(schema: string): Statement {
  return planned(
    "inbox_forget",
    `
with old as materialized (
  select i.tenant, i.message_id
    from ${schema}.inbox as i
   where i.forget_at < (select pg_catalog.clock_timestamp())
   order by i.forget_at
   limit ${batchSize}
     for update skip locked
), gone as (
  delete from ${schema}.inbox as i using old where i.tenant = old.tenant and i.message_id = old.message_id returning 1
)
select pg_catalog.count(*)::text as forgotten from gone`,
  );
}
