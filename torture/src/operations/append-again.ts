import { eventsOf, resultsOf } from "../worker/client.ts";
import { conditionOf } from "./append-on-condition.ts";
import type { Operation } from "./operation.ts";

/**
 * Sends an append again whose outcome is unknown: this process's own, or one that a killed process left behind. The same ids
 * are written at most once, and every reply to them is the same.
 */
export const appendAgain: Operation = {
  name: "append again",
  weight: 6,
  async run({ random, store, shared, append }) {
    const [first, ...others] = shared.unresolved;
    if (!first) return;
    const call = random.pick([first, ...others]);
    // Mostly it is then known; some are sent once more.
    if (random.chance(0.7)) shared.unresolved.splice(shared.unresolved.indexOf(call), 1);
    const { condition } = call;
    const [part] = call.parts;
    if (condition && part) {
      await append({ ...call, again: true }, async () =>
        resultsOf([await store.append(eventsOf(part), { streamId: part.stream, condition: conditionOf(condition) })]),
      );
      return;
    }
    await append({ ...call, again: true }, async () =>
      resultsOf(await store.appendToStreams(call.parts.map((part) => ({ streamId: part.stream, expectedVersion: part.expected, events: eventsOf(part) })))),
    );
  },
};
