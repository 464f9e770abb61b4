import { type Call, newEvents, outcomeOf } from "../call.ts";

/** COMMIT while an append is being made: both, or neither. */
export const commitTooSoon: Call = {
  name: "withTransaction, COMMIT too soon",
  async run(actor) {
    const { random, target, model, store } = actor;
    const streamId = actor.stream();
    const [before, late] = [actor.events(2), actor.events(2)];
    let appending: Promise<unknown> = Promise.resolve();
    const outcome = await outcomeOf(() =>
      target.inTransaction("read committed", async (client) => {
        const tx = store.withTransaction(client);
        await tx.appendToStream(streamId, newEvents(before));
        appending = outcomeOf(() => tx.appendToStream(streamId, newEvents(late)));
        for (let turns = random.between(0, 12); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
        return "commit";
      }),
    );
    const appended = await appending;
    const written = typeof appended === "object" && appended !== null && "value" in appended;
    const { version } = await store.streamInfo(streamId);
    const there = version - model.version(streamId);
    if ("value" in outcome) {
      const events = written ? [...before, ...late] : before;
      model.append(streamId, events);
      return there === events.length
        ? undefined
        : `the commit succeeded, ${written ? "the append too" : "the append failed"}, and ${there} of ${events.length} events are there`;
    }
    return there === 0 ? undefined : `the commit failed (${String(outcome.error)}) and left ${there} events`;
  },
};
