import { toSafeInteger } from "../database/number.ts";
import { OutboxLog } from "../outbox/outbox-log.ts";
import { decodeLogEvent } from "../read/decode.ts";
import { checkFilter } from "../read/filter.ts";
import { functionName } from "../schema/function-set.ts";
import type { RelaySource } from "./relay-source.ts";

/** Messages that transactions published with `tx.publish`. */
export const outboxSource: RelaySource = {
  name: "outbox",
  refuses: { options: ["events", "filter", "prefix", "since"], because: "goes with events; for a relay of the outbox, name topics" },
  map: ({ data, metadata }) => ({ body: JSON.stringify(data), headers: headersOf(metadata) }),
  follow: ({ outbox }, _settings, name) => ({
    source: { name: "outbox", log: outbox },
    filterChanged: `relay ${JSON.stringify(name)} has other topics than before. They count from the checkpoint on: messages behind it that only the new topics let through are not published. Publish them with store.relays.replay, or set it back with store.relays.reset.`,
  }),
  async *read({ database, schema, outbox }, _store, { settings, tenant, after, until, filter, signal }) {
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
  },
  async forget({ database, schema }, { tenant, keepMs, most }) {
    const statement = { name: "tidemark_outbox_forget", text: `select ${functionName(schema, "forget_messages")}($1, $2, $3)::text as removed` };
    const [row] = await database.query(statement, [tenant ?? null, keepMs, most]);
    return toSafeInteger(row?.["removed"]);
  },
};

/** A message's headers are all text. */
function headersOf(metadata: object): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(metadata).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}
