import type { Arrival } from "../history/final.ts";
import { connectRedis } from "./redis-client.ts";
import { type RelayName, relayNames } from "./relays.ts";

const pageSize = 5_000;

/** What is at the broker, in its order, by relay. */
export async function readPublished(url: string): Promise<Record<RelayName, readonly Arrival[]>> {
  const [events, messages] = await Promise.all(relayNames.map((name) => readArrivals(url, name)));
  return { events: events ?? [], messages: messages ?? [] };
}

/** How many messages there are. */
export async function countPublished(url: string): Promise<number> {
  const counts = await Promise.all(relayNames.map((name) => countArrivals(url, name)));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** How many messages a stream of the broker holds. */
export async function countArrivals(url: string, stream: string): Promise<number> {
  using client = await connectRedis(url);
  return Number(await client.send(["XLEN", stream]));
}

/** What a stream of the broker holds, in its order. @param keep - What of a payload is kept. Default: all of it */
export async function readArrivals(url: string, stream: string, keep: (payload: unknown) => unknown = (payload) => payload): Promise<readonly Arrival[]> {
  using client = await connectRedis(url);
  const arrivals: Arrival[] = [];
  for (let after = "-"; ;) {
    const page = listOf(await client.send(["XRANGE", stream, after, "+", "COUNT", `${pageSize}`]));
    for (const entry of page) {
      const [place, fields] = listOf(entry);
      arrivals.push(arrivalOf(String(place), fieldsOf(listOf(fields)), keep));
    }
    if (page.length < pageSize) return arrivals;
    after = `(${String(listOf(page.at(-1))[0])}`;
  }
}

/** An entry's place begins with the time at which it came, in milliseconds. */
function arrivalOf(place: string, fields: ReadonlyMap<string, string>, keep: (payload: unknown) => unknown): Arrival {
  const [key, payload]: [string, unknown?] = JSON.parse(fields.get("body") ?? "[]");
  const number = (name: string): number => Number(fields.get(`header:tidemark-${name}`));
  return [fields.get("id") ?? "", key, number("position"), number("fence"), Number.parseInt(place, 10), keep(payload)];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function fieldsOf(flat: readonly unknown[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (let at = 0; at < flat.length; at += 2) fields.set(String(flat[at]), String(flat[at + 1]));
  return fields;
}
