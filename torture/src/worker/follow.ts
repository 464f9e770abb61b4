import { setTimeout as delay } from "node:timers/promises";
import type { RecordedEvent } from "tidemark";
import { alteration, shortId } from "../history/content.ts";
import type { FollowCall, SeenEvent } from "../history/entry.ts";
import type { Random } from "../random.ts";
import type { Shared } from "./client.ts";
import { failureOf } from "./outcome.ts";

const categories = ["hot", "warm", "race"] as const;

/** Follows the log until the process ends, in runs: each begins anew, where an earlier one was or before. */
export async function follow(shared: Shared, random: Random): Promise<void> {
  let furthest = 0;
  while (!shared.stopping.aborted) {
    const after = random.chance(0.2) ? 0 : random.between(Math.max(0, furthest - 2_000), furthest);
    const via = random.chance(0.5) ? "subscribe" : "readAll";
    const call: FollowCall = { kind: "follow", via, after, ...(random.chance(0.4) && { category: random.pick(categories) }) };
    const op = shared.operations++;
    shared.history.write({ t: "invoke", op, call });
    try {
      const size = random.pick([500, 40, 3]);
      for await (const batch of batchesOf(shared, call, size, AbortSignal.timeout(random.between(200, 4_000)))) {
        see(shared, op, batch);
        furthest = Math.max(furthest, batch.at(-1)?.position ?? 0);
        // Who is slow falls behind the others and has to catch up with them again.
        if (random.chance(0.05)) await delay(random.between(10, 300));
      }
      shared.history.write({ t: "ok", op, answer: { kind: "follow" } });
    } catch (error) {
      shared.history.write({ ...failureOf(error), op });
    }
  }
}

/** Events after a position, as they come, until the time is over. */
async function* batchesOf(
  { store, stopping }: Shared,
  { via, after, category }: FollowCall,
  size: number,
  over: AbortSignal,
): AsyncGenerator<readonly RecordedEvent[]> {
  const filter = category !== undefined && { filter: { categories: [category] } };
  const signal = AbortSignal.any([over, stopping]);
  if (via === "subscribe") {
    try {
      yield* store.subscribe({ after, signal, ...filter }).batches(size);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return;
  }
  for (let position = after; !signal.aborted; await delay(5)) {
    for await (const batch of store.readAll({ after: position, limit: 2_000, ...filter }).batches(size)) {
      yield batch;
      position = batch.at(-1)?.position ?? position;
    }
  }
}

function see({ history }: Shared, op: number, batch: readonly RecordedEvent[]): void {
  history.write({ t: "seen", op, events: batch.map(({ position, id }): SeenEvent => [position, shortId(id)]) });
  for (const event of batch) {
    const found = alteration(event);
    if (found !== undefined) history.write({ t: "altered", op, id: event.id, found });
  }
}
