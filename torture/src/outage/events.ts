import { createHash, randomBytes } from "node:crypto";
import type { EventStore, NewEvent } from "tidemark";

const streams = Array.from({ length: 20 }, (_, n) => `order-${n + 1}`);
const eventsOfEach = 5;
const textBytes = 8_192;

/** What one append brings. */
export const appendEvents: number = streams.length * eventsOfEach;
/** Of their data. */
export const appendBytes: number = appendEvents * textBytes;

/** Appends events to each stream. Their data is nothing that could be compressed. */
export async function appendToEach(store: EventStore): Promise<void> {
  const event = (): NewEvent => ({ type: "OrderNoted", data: { text: randomBytes((textBytes / 4) * 3).toString("base64") } });
  await store.appendToStreams(streams.map((streamId) => ({ streamId, events: Array.from({ length: eventsOfEach }, event) })));
}

/** Of an event's data, in the log and in a message. */
export function digestOf(data: unknown): string {
  return createHash("sha256").update(JSON.stringify(data)).digest("base64");
}
