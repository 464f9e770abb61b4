import { setTimeout as delay } from "node:timers/promises";
import type { RecordedEvent } from "tidemark";
import type { FollowCall, SeenEvent } from "../history/entry.ts";
import { misread } from "../history/misread.ts";
import { shortId } from "../history/short-id.ts";
import type { Random } from "../random.ts";
import { asOf } from "../shapes/catalogues.ts";
import { readingOf } from "../shapes/code.ts";
import type { Shared } from "./client.ts";
import { failureOf } from "./outcome.ts";

const categories = ["hot", "warm", "race", "shape"] as const;

/** Follows the log until the process ends, in runs: each begins anew, where an earlier one was or before. */
export async function follow(shared: Shared, random: Random): Promise<void> {
  let furthest = 0;
  while (!shared.stopping.aborted) {
    const call = chooseCall(shared, random, furthest);
    const op = shared.operations++;
    shared.history.write({ t: "invoke", op, call });
    try {
      const size = random.pick([500, 40, 3]);
      for await (const batch of batchesOf(shared, call, size, AbortSignal.timeout(random.between(200, 4_000)))) {
        see(shared, op, batch, call);
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

function chooseCall({ orders }: Shared, random: Random, furthest: number): FollowCall {
  const after = random.chance(0.2) ? 0 : random.between(Math.max(0, furthest - 2_000), furthest);
  const via = random.chance(0.5) ? "subscribe" : "readAll";
  const reading = orders.code === "today" && random.chance(0.5) ? "today, lines as before" : readingOf(orders.code);
  const category = random.chance(0.4) && { category: random.pick(categories) };
  const type = category && category.category === "shape" && random.chance(0.5) && { type: random.pick(["LineAdded", "OrderPlaced"]) };
  return { kind: "follow", via, after, reading, ...category, ...type };
}

/** Events after a position, as they come, until the time is over. */
async function* batchesOf(
  { store, stopping }: Shared,
  { via, after, category, type, reading = "stored" }: FollowCall,
  size: number,
  over: AbortSignal,
): AsyncGenerator<readonly RecordedEvent[]> {
  const filter = { ...(category !== undefined && { categories: [category] }), ...(type !== undefined && { types: [type] }) };
  const options = { ...(category !== undefined && { filter }), ...asOf(reading) };
  const signal = AbortSignal.any([over, stopping]);
  if (via === "subscribe") {
    try {
      yield* store.subscribe({ after, signal, ...options }).batches(size);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return;
  }
  for (let position = after; !signal.aborted; await delay(5)) {
    for await (const batch of store.readAll({ after: position, limit: 2_000, ...options }).batches(size)) {
      yield batch;
      position = batch.at(-1)?.position ?? position;
    }
  }
}

/** What a stored event became is one that was seen: it has to come in one batch. */
function see({ history }: Shared, op: number, batch: readonly RecordedEvent[], { reading = "stored" }: FollowCall): void {
  const firsts = batch.filter(({ position }, index) => batch[index - 1]?.position !== position);
  history.write({ t: "seen", op, events: firsts.map(({ position, id }): SeenEvent => [position, shortId(id)]) });
  for (const [id, found] of misread(batch, reading)) history.write({ t: "altered", op, id, found });
}
