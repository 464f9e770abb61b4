import type { AppendResult } from "tidemark";
import type { Part } from "../history/entry.ts";
import { eventsOf, resultsOf } from "../worker/client.ts";
import { gaveUp } from "../worker/outcome.ts";
import { chooseStreams } from "../worker/streams.ts";
import type { Operation } from "./operation.ts";

/** A callback returns while an append of its own is under way: it forgot to wait, or something else won a race. */
export const forgottenAwait: Operation = {
  name: "transaction with a forgotten await",
  weight: 3,
  async run({ random, store, newIds, expect, append }) {
    const [stream = "", later = stream] = chooseStreams(random, 2);
    const [id = "", forgottenId = ""] = newIds(2);
    const awaited: Part = { stream, expected: "any", ids: [id] };
    const expected = expect(later);
    // A conflict on the same stream would tell of the other append, which nobody has seen if the transaction is rolled back.
    const forgotten: Part = { stream: later, expected: later === stream ? "any" : expected, ids: [forgottenId] };
    const statements = random.between(0, 6);
    const begun = Promise.withResolvers<AppendResult>();
    // Where the callback never comes to it, nobody waits.
    begun.promise.catch(() => undefined);
    const whole = Promise.withResolvers<void>();
    whole.promise.catch(() => undefined);
    // A conflict of the other one's fails it too.
    const first = append(
      { kind: "append", how: this.name, parts: [awaited] },
      async () => {
        try {
          const result = await store.transaction(async (tx) => {
            const done = await tx.appendToStream(awaited.stream, eventsOf(awaited));
            const unheeded = tx.appendToStream(forgotten.stream, eventsOf(forgotten), { expectedVersion: forgotten.expected });
            unheeded.then(begun.resolve, begun.reject);
            // The append is several statements. The commit follows any of them, and these come between.
            for (let n = 0; n < statements; n++) await tx.query("select 1");
            return done;
          });
          whole.resolve();
          return resultsOf([result]);
        } catch (error) {
          whole.reject(error);
          throw error;
        }
      },
      gaveUp,
    );
    // It is acknowledged by both: its own result, and the commit.
    const second = append({ kind: "append", how: this.name, parts: [forgotten] }, async () => {
      await whole.promise;
      return resultsOf([await begun.promise]);
    });
    await Promise.all([first, second]);
  },
};
