import { decider, type Event, handleCommand } from "tidemark";
import { digestOf } from "../history/digest.ts";
import type { Part } from "../history/entry.ts";
import { eventsOf, resultsOf, type Client } from "../worker/client.ts";
import { gaveUp } from "../worker/outcome.ts";
import type { Operation } from "./operation.ts";

export interface Digest {
  readonly events: number;
  readonly digest: number;
}

const withId = ({ events, digest }: Digest, id: string): Digest => ({ events: events + 1, digest: digestOf(digest, id) });

/** What a command of the harness knows: which events there were, and in which order. */
export const digested = {
  initialState: (): Digest => ({ events: 0, digest: 0 }),
  evolve: (state: Digest, event: Event): Digest => withId(state, "id" in event ? String(event.id) : ""),
};

interface Tallying {
  readonly part: Part;
  /** Called with what is decided on, each time. */
  readonly decidedOn: (state: Digest) => void;
}

/** Keeps what it made of five events. */
export const tally = decider<Digest, Tallying, Event>({
  ...digested,
  name: "tally",
  snapshot: { every: 5 },
  decide({ part, decidedOn }, state) {
    decidedOn(state);
    return eventsOf(part);
  },
});

/** Handles a command on the part's stream. */
export function performCommand({ store, append }: Client, part: Part, how: string): Promise<void> {
  return append(
    { kind: "append", how, parts: [part] },
    async () => {
      let before = digested.initialState();
      const tallying: Tallying = { part, decidedOn: (state) => void (before = state) };
      const { version, position, state } = await handleCommand(store, tally, part.stream, tallying, { retry: { attempts: 50 } });
      const result = { version, position: position ?? 0, created: version === part.ids.length };
      const streams = [[part.stream, version]] as const;
      return { ...resultsOf([result]), state: { streams, ...state }, decided: { streams, ...part.ids.reduce(withId, before) } };
    },
    gaveUp,
  );
}

/** Decided on the whole stream, most of which is in a snapshot, by many at once; others decide on the same streams. */
export const command: Operation = {
  name: "command",
  weight: 8,
  async run(client) {
    const { random, newIds } = client;
    await performCommand(client, { stream: `tally-${random.between(0, 3)}`, expected: "any", ids: newIds(random.between(1, 2)) }, this.name);
  },
};
