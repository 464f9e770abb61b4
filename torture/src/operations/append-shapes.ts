import type { Part } from "../history/entry.ts";
import { now } from "../history/write.ts";
import type { Random } from "../random.ts";
import { eventsOf, eventsWithoutIds, resultsOf } from "../worker/client.ts";
import type { Operation } from "./operation.ts";

/** Streams are written to for so long: poison holds back what comes after it in its stream, and nothing else. */
const roundMicroseconds = 10_000_000;

export function chooseShapeStream(random: Random): string {
  return `shape-${Math.floor(now() / roundMicroseconds)}-${random.between(0, 99)}`;
}

/** Events whose types and shapes are those of this process's code; another's reads them otherwise, and writes others into the same streams. */
export const appendShapes: Operation = {
  name: "append shapes",
  weight: 14,
  async run({ random, store, shared, newShapeIds, expect, append }) {
    const stream = chooseShapeStream(random);
    const part: Part = { stream, expected: expect(stream), ids: newShapeIds(random.between(1, 5)) };
    const ownIds = random.chance(0.3);
    await append({ kind: "append", how: this.name, parts: [part] }, async () =>
      resultsOf([await store.appendToStream(stream, ownIds ? eventsOf(part) : eventsWithoutIds(shared, part), { expectedVersion: part.expected })]),
    );
  },
};
