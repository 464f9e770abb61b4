import { alteration } from "../history/content.ts";
import { shortId } from "../history/short-id.ts";
import type { SeenEvent } from "../history/entry.ts";
import { chooseStream } from "../worker/streams.ts";
import type { Operation } from "./operation.ts";

/** The last events of a stream, which must hold everything whose append had returned before. */
export const readStream: Operation = {
  name: "read a stream",
  weight: 14,
  async run({ random, store, shared, perform }) {
    const known = [...shared.versions.names].slice(-50);
    const stream = random.chance(0.3) && known[0] !== undefined ? random.pick([known[0], ...known]) : chooseStream(random);
    const from = Math.max(1, shared.versions.at(stream) - random.between(0, 30));
    const op = shared.operations;
    const answer = await perform({ kind: "read", stream, from }, async () => {
      const events: SeenEvent[] = [];
      for await (const event of store.readStream(stream, { fromVersion: from, raw: true })) {
        events.push([event.position, shortId(event.id)]);
        const found = alteration(event, "stored");
        if (found !== undefined) shared.history.write({ t: "altered", op, id: event.id, found });
      }
      return { kind: "read" as const, events };
    });
    if (answer && answer.events.length > 0) shared.versions.saw(stream, from - 1 + answer.events.length);
  },
};
