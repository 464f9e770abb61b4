import { decider, type Event, handleCommand } from "tidemark";
import { digestOf, partName } from "../history/digest.ts";
import type { Part } from "../history/entry.ts";
import { readingOf } from "../shapes/code.ts";
import { eventsOf, resultsOf } from "../worker/client.ts";
import { gaveUp } from "../worker/outcome.ts";
import { type Digest, digested } from "./command.ts";
import type { Operation } from "./operation.ts";

/** Counts what events are to its code: a snapshot of another code's counts wrong. */
const tally = decider<Digest, Part, Event>({
  name: "shapes",
  snapshot: { every: 5 },
  initialState: digested.initialState,
  evolve: ({ events, digest }, event) => {
    const id = "id" in event ? String(event.id) : "";
    const name = "part" in event ? partName(id, Number(event.part)) : id;
    return { events: events + 1, digest: digestOf(digest, name) };
  },
  decide: (part) => eventsOf(part),
});

/** Decided on a whole stream, most of which is in a snapshot, by code of both versions at once. */
export const commandOnShapes: Operation = {
  name: "command on shapes",
  weight: 6,
  async run({ random, store, shared, newShapeIds, append }) {
    const stream = `shapes-${random.between(0, 3)}`;
    const part: Part = { stream, expected: "any", ids: newShapeIds(random.between(1, 2)) };
    await append(
      { kind: "append", how: this.name, parts: [part] },
      async () => {
        const { version, position, state } = await handleCommand(store, tally, stream, part, { retry: { attempts: 50 } });
        const result = { version, position: position ?? 0, created: version === part.ids.length };
        return { ...resultsOf([result]), state: { streams: [[stream, version]], ...state, reading: readingOf(shared.orders.code) } };
      },
      gaveUp,
    );
  },
};
