import type { EventStore } from "tidemark";
import { partsOf } from "../history/content.ts";
import type { Decoded } from "../history/final.ts";
import { misread } from "../history/misread.ts";
import { asOf } from "./catalogues.ts";
import type { Reading } from "./code.ts";

const told = 20;
const readings: readonly (readonly [Reading, type: string | undefined])[] = [
  ["today", undefined],
  ["today", "LineAdded"],
  ["today", "OrderPlaced"],
  ["today, lines as before", undefined],
];

/** Reads the whole log in every way that today's code knows, and compares it with the log as it is stored: ids by position. */
export async function readLogAsToday(store: EventStore, log: readonly (readonly [position: number, id: string])[]): Promise<Decoded> {
  const wrong: string[] = [];
  let events = 0;
  for (const [reading, type] of readings) {
    const name = `${reading}${type === undefined ? "" : `, ${type} alone`}`;
    const wanted = log.filter(([, id]) => partsOf(id, reading).some((part) => type === undefined || part.type === type));
    let next = 0;
    for await (const batch of store.readAll({ ...(type !== undefined && { filter: { types: [type] } }), ...asOf(reading) }).batches(7)) {
      for (const [id, found] of misread(batch, reading)) wrong.push(`${name}: ${id} came as ${found}`);
      for (const [index, { position }] of batch.entries()) {
        if (batch[index - 1]?.position === position) continue;
        events++;
        if (wanted[next]?.[0] !== position) wrong.push(`${name}: ${position} came where ${wanted[next]?.[0] ?? "nothing"} should have`);
        next++;
      }
      if (wrong.length > told) return { events, wrong: wrong.slice(0, told) };
    }
    if (next < wanted.length) wrong.push(`${name}: ${next} events came of ${wanted.length}`);
  }
  return { events, wrong };
}
