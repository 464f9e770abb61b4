import type { Part } from "../history/entry.ts";
import { eventsWithoutIds, resultsOf } from "../worker/client.ts";
import { ChangedMind } from "../worker/outcome.ts";
import { chooseStream } from "../worker/streams.ts";
import type { Operation } from "./operation.ts";

/** An append whose caller gives up at some moment: it rejects with the reason only where nothing was written. */
export const abort: Operation = {
  name: "append and abort",
  weight: 4,
  async run({ random, store, shared, newIds, append }) {
    const part: Part = { stream: chooseStream(random), expected: "any", ids: newIds(random.between(1, 3)) };
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(new ChangedMind("aborted")), random.between(0, 8));
    await append({ kind: "append", how: this.name, parts: [part] }, async () =>
      resultsOf([await store.appendToStream(part.stream, eventsWithoutIds(shared, part), { signal: controller.signal })]),
    );
    clearTimeout(timer);
  },
};
