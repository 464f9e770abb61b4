import { toSafeInteger } from "../database/number.ts";
import type { RecordedEvent } from "../model/event.ts";
import { OutboxLog } from "../outbox/outbox-log.ts";
import { decodeLogEvent } from "../read/decode.ts";
import { checkFilter } from "../read/filter.ts";
import { functionName } from "../schema/function-set.ts";
import type { Forgotten, ReplayedRange, SourceContext } from "./relay-source.ts";

/** Messages of the outbox that are published again, a page at a time. */
export async function* readOutbox(
  { database, schema, outbox }: SourceContext,
  { settings, tenant, after, until, filter, signal }: ReplayedRange,
): AsyncIterable<readonly RecordedEvent[]> {
  const mark = await outbox.highWaterMark(signal);
  const wanted = {
    tenant: settings.tenants === "all" ? undefined : tenant,
    filter: filter && checkFilter(filter, "options.filter"),
    shard: undefined,
  };
  const pages = new OutboxLog(database, schema).open(after, Math.min(mark, until ?? mark), wanted, signal);
  for (let last = false; !last;) {
    const page = await pages.next();
    ({ last } = page);
    if (page.rows.length > 0) yield page.rows.map(decodeLogEvent);
  }
}

/** Removes messages that every relay has published long ago, and says how many there were. */
export async function forgetMessages({ database, schema }: SourceContext, { tenant, keepMs, most }: Forgotten): Promise<number> {
  const statement = { name: "tidemark_outbox_forget", text: `select ${functionName(schema, "forget_messages")}($1, $2, $3)::text as removed` };
  const [row] = await database.query(statement, [tenant ?? null, keepMs, most]);
  return toSafeInteger(row?.["removed"]);
}
