import { escapeUnsafe } from "../arguments/describe-value.ts";
import type { RecordedEvent } from "../model/event.ts";
import { toEnvelope } from "../transfer/envelope.ts";
import type { Row } from "./columns.ts";

/** Each event as the JSON of its envelope. */
export async function* eventDocuments(events: AsyncIterable<RecordedEvent>): AsyncGenerator<string, void, undefined> {
  for await (const event of events) yield escapeUnsafe(JSON.stringify(toEnvelope(event)));
}

export interface EventRowOptions {
  readonly withTenant: boolean;
  /** Whether the names of the columns come first. Nothing where there is no event. */
  readonly withHeader: boolean;
}

/** Each event for people: position, time, stream, version, type, data; before them the tenant, where it is asked for. */
export async function* eventRows(events: AsyncIterable<RecordedEvent>, { withTenant, withHeader }: EventRowOptions): AsyncGenerator<Row, void, undefined> {
  let first = withHeader;
  for await (const { tenant, position, recordedAt, streamId, version, type, data } of events) {
    if (first) yield [...(withTenant ? ["tenant"] : []), "position", "recorded at", "stream", "version", "type", "data"];
    first = false;
    const row = [position, recordedAt.toISOString(), escapeUnsafe(streamId), version, escapeUnsafe(type), escapeUnsafe(JSON.stringify(data))];
    yield withTenant ? [escapeUnsafe(JSON.stringify(tenant)), ...row] : row;
  }
}
