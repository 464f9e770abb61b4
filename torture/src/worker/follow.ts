import { setTimeout as delay } from "node:timers/promises";
import { alteration, shortId } from "../history/content.ts";
import type { FollowCall, SeenEvent } from "../history/entry.ts";
import type { Random } from "../random.ts";
import type { Shared } from "./client.ts";
import { failureOf } from "./outcome.ts";

const categories = ["hot", "warm", "race"] as const;

/** Follows the log from some place on until the process ends, in runs: each begins anew, where an earlier one was or before. */
export async function follow(shared: Shared, random: Random): Promise<void> {
  let furthest = 0;
  while (!shared.stopping.aborted) {
    const after = random.chance(0.2) ? 0 : random.between(Math.max(0, furthest - 2_000), furthest);
    const call: FollowCall = { kind: "follow", after, ...(random.chance(0.4) && { category: random.pick(categories) }) };
    const op = shared.operations++;
    shared.history.write({ t: "invoke", op, call });
    try {
      furthest = Math.max(furthest, await followOnce(shared, op, call, random.between(30, 400)));
      shared.history.write({ t: "ok", op, answer: { kind: "follow" } });
    } catch (error) {
      shared.history.write({ ...failureOf(error), op });
    }
  }
}

/** Reads on from the last event it was given, this many times. Returns how far it came. */
async function followOnce({ store, history, stopping }: Shared, op: number, { after, category }: FollowCall, polls: number): Promise<number> {
  let position = after;
  for (let poll = 0; poll < polls && !stopping.aborted; poll++) {
    for await (const batch of store
      .readAll({ after: position, limit: 2_000, ...(category !== undefined && { filter: { categories: [category] } }) })
      .batches(500)) {
      const events: SeenEvent[] = [];
      for (const event of batch) {
        events.push([event.position, shortId(event.id)]);
        const found = alteration(event);
        if (found !== undefined) history.write({ t: "altered", op, id: event.id, found });
      }
      history.write({ t: "seen", op, events });
      position = batch.at(-1)?.position ?? position;
    }
    await delay(5);
  }
  return position;
}
