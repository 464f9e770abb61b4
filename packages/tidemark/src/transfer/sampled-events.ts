import type { Database, TextRow } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { toSafeInteger } from "../database/number.ts";
import type { RecordedEvent } from "../model/event.ts";
import { decodeLogEvent, eventColumns } from "../read/decode.ts";
import { logColumns, streamJoin } from "../read/log-columns.ts";
import type { SampledType } from "./sample-types.ts";

/** So many events may be 16 MiB each, and are in memory at once. */
const sampledAtOnce = 20;

/** The events of a sample as they are stored, in the order of the log, whose pages lie together. */
export async function* sampledEvents(
  database: Database,
  schema: string,
  sampled: readonly SampledType[],
  signal: AbortSignal,
): AsyncGenerator<RecordedEvent, void, undefined> {
  const positions = sampled.flatMap((type) => type.positions).toSorted((a, b) => a - b);
  for (let at = 0; at < positions.length; at += sampledAtOnce) {
    for (const row of await readAt(database, schema, positions.slice(at, at + sampledAtOnce), signal)) {
      signal.throwIfAborted();
      yield decodeLogEvent(row);
    }
  }
}

/** @throws Error where an event is gone, which only a database that was replaced can do: nothing may pass unread. */
async function readAt(database: Database, schema: string, positions: readonly number[], signal: AbortSignal): Promise<readonly TextRow[]> {
  const quoted = quoteIdentifier(schema);
  const text = `
select ${logColumns} ${eventColumns}
  from ${quoted}.events as e ${streamJoin(quoted)}
 where e.position = any ($1::bigint[])
 order by e.position`;
  const rows = await database.query({ name: "tidemark_events_at", text }, [`{${positions.join(",")}}`], { signal });
  const found = new Set(rows.map((row) => toSafeInteger(row["position"])));
  const gone = positions.find((position) => !found.has(position));
  if (gone !== undefined) throw new Error(`The event at position ${gone} has gone while the events were read. Was the database restored? Run it again.`);
  return rows;
}
