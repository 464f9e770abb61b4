import { now } from "../history/write.ts";
import { eventsWithoutIds, resultsOf } from "../worker/client.ts";
import type { Operation } from "./operation.ts";

/** How long all processes create the same stream. */
const roundMicroseconds = 40_000;

/** Several callers, in this process and in others, create one stream at the same time. One of them may win. */
export const race: Operation = {
  name: "race for a new stream",
  weight: 4,
  async run({ random, store, shared, newIds, append }) {
    const stream = `race-${Math.floor(now() / roundMicroseconds)}`;
    const expected = random.chance(0.5) ? ("no-stream" as const) : 0;
    const racers = Array.from({ length: 3 }, () => {
      const part = { stream, expected, ids: newIds(1) };
      return append({ kind: "append", how: this.name, parts: [part] }, async () =>
        resultsOf([await store.appendToStream(stream, eventsWithoutIds(shared, part), { expectedVersion: expected })]),
      );
    });
    await Promise.all(racers);
  },
};
