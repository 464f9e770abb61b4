import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { isTidemarkError, type EventStore } from "tidemark";
import { leaseMs, mendedLines } from "../consume/consumers.ts";
import { effectsOf } from "../consume/read-effects.ts";
import type { Retried } from "../history/final.ts";

/** A long run leaves more than have to be looked at. */
const most = 2_000;
const patienceMs = 120_000;
const mended = "lines, tried again";

function goneAlready(error: unknown): void {
  if (!isTidemarkError(error, "NOT_FOUND")) throw error;
}

/** Tries the letters of the consumer of lines again, with today's code and a handler that fails no more. */
export async function retryLetters(store: EventStore, administer: <T>(work: (client: pg.Client) => Promise<T>) => Promise<T>): Promise<Retried> {
  const consumer = mendedLines(mended);
  const letters = (await store.deadLetters.list({ consumer: consumer.name, limit: most })).map(({ position }) => position);
  const worker = store.createWorker({ consumers: [consumer], leaseMs, onError: () => undefined });
  await worker.start();
  // Those behind the first of their stream follow it by themselves, and may be gone before it is their turn here.
  for (const position of letters) await store.deadLetters.retry({ consumer: consumer.name, position }).catch(goneAlready);
  const tooLong = AbortSignal.timeout(patienceMs);
  const left = async (): Promise<number[]> => {
    const there = new Set((await store.deadLetters.list({ consumer: consumer.name, limit: 10_000 })).map(({ position }) => position));
    return letters.filter((position) => there.has(position));
  };
  while ((await left()).length > 0 && !tooLong.aborted) await delay(100);
  await worker.stop();
  return { positions: letters, effects: await administer((client) => effectsOf(client, mended)), left: await left() };
}
