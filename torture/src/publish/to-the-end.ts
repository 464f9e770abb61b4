import { setTimeout as delay } from "node:timers/promises";
import type { EventStore } from "tidemark";
import { leaseMs } from "../consume/consumers.ts";
import type { Published } from "../history/final.ts";
import { now } from "../history/write.ts";
import type { Strike } from "../run/nemesis.ts";
import type { PublishTarget } from "./broker.ts";
import { countPublished, readPublished } from "./read-published.ts";
import { relaysTo } from "./relays.ts";

/** A fresh worker publishes what the dead ones left. Then everything at the broker is read. */
export async function publishToTheEnd(store: EventStore, { server: { url } }: PublishTarget, strikes: readonly Strike[]): Promise<Published> {
  const worker = store.createWorker({ relays: relaysTo(url), timers: false, leaseMs, onError: () => undefined });
  await worker.start();
  const over = new AbortController();
  const stuck = await Promise.race([worker.caughtUp(), standingStill(url, over.signal)]).catch((error: unknown) => String(error));
  over.abort();
  await worker.stop();
  const letters = await store.deadLetters.list({ kind: "relay" });
  // Of the histories' clock.
  const offsetMs = Date.now() - now() / 1_000;
  return {
    ...(await readPublished(url)),
    ...(stuck !== undefined && { stuck }),
    letters: letters.map(({ event, error }) => `${event.id}: ${error?.message ?? "parked"}`),
    faults: strikes.map(({ from, until }) => [from / 1_000 + offsetMs, until / 1_000 + offsetMs]),
  };
}

/** A long run leaves much to publish. Resolves when nothing more was published for a minute. */
async function standingStill(url: string, over: AbortSignal): Promise<string> {
  for (let before = -1; ;) {
    const published = await countPublished(url);
    if (published === before) return "It published nothing for a minute, and was not caught up.";
    before = published;
    await delay(60_000, undefined, { signal: over });
  }
}
