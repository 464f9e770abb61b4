import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { toldPrefix } from "../errands/inputs.ts";
import { eventsOf, resultsOf } from "../worker/client.ts";
import type { Operation } from "./operation.ts";

/** Streams of instances that this process's clients began. */
const recent: string[] = [];
const mostRecent = 30;

/**
 * Begins an instance of the process, and tells those that are there more: while they wait for their commands and timers, or after their end. One in
 * three gets all of it at once.
 */
export const errand: Operation = {
  name: "errand",
  weight: 8,
  async run({ random, store, newErrandIds, append }) {
    const begins = recent.length === 0 || random.chance(0.4);
    const stream = begins ? `${toldPrefix}${randomUUID()}` : (recent[random.between(0, recent.length - 1)] ?? "");
    const [begun = "", ...told] = newErrandIds(1 + random.between(1, 4));
    const ids = begins ? [begun, ...told] : told;
    if (begins) recent.splice(0, Math.max(0, recent.length - mostRecent + 1));
    if (begins) recent.push(stream);
    const atOnce = random.chance(0.3);
    for (const some of atOnce ? [ids] : ids.map((id) => [id])) {
      const part = { stream, expected: "any", ids: some } as const;
      await append({ kind: "append", how: this.name, parts: [part] }, async () => resultsOf([await store.appendToStream(stream, eventsOf(part))]));
      if (random.chance(0.5)) await delay(random.between(0, 60));
    }
  },
};
