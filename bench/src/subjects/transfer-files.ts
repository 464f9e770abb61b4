import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { v7 } from "uuid";
import { eventData, eventType } from "../payload.ts";

/** Events of a cart, and how many carts are filled at the same time. */
const cartEvents = 10;
const openCarts = 1_000;
/** Events of one COPY command: as texts they stay well below what V8 takes. */
const commandEvents = 20_000;

/** The same log twice: as NDJSON, and as rows for COPY into Tidemark's tables. */
export interface TransferFiles {
  readonly events: number;
  readonly streamRows: readonly string[];
  readonly eventRows: readonly string[];
}

/** Writes `events` events of carts that are filled a thousand at a time, each ten times. */
export async function writeTransferFiles(path: string, events: number): Promise<TransferFiles> {
  const file = createWriteStream(path);
  const data = JSON.stringify(eventData);
  const streamRows: string[] = [];
  const eventRows: string[] = [];
  for (let from = 0; from < events; from += commandEvents) {
    let json = "";
    let streams = "";
    let rows = "";
    for (let n = from; n < Math.min(from + commandEvents, events); n++) {
      const cart = Math.floor(n / (openCarts * cartEvents)) * openCarts + (n % openCarts);
      const version = Math.floor((n % (openCarts * cartEvents)) / openCarts) + 1;
      const recordedAt = new Date(1_700_000_000_000 + n).toISOString();
      const id = v7({ msecs: 1_700_000_000_000 + n });
      json += `{"streamId":"cart-${cart}","type":"${eventType}","data":${data},"metadata":{},"id":"${id}","tags":[],"recordedAt":"${recordedAt}","schemaVersion":1,"tenant":"","version":${version},"position":${n + 1}}\n`;
      if (version === 1) streams += `${cart + 1}\t\tcart-${cart}\n`;
      rows += `${n + 1}\t${cart + 1}\t${version}\t${id}\t${recordedAt}\t${eventType}\t${data}\n`;
    }
    if (!file.write(json)) await once(file, "drain");
    streamRows.push(streams);
    eventRows.push(rows);
  }
  file.end();
  await once(file, "close");
  return { events, streamRows: streamRows.filter((rows) => rows !== ""), eventRows };
}
