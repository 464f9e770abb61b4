import { type BoundaryDecider, type CommandOptions, type Event, executeCommand, type RecordedEvent } from "tidemark";
import { contentOf } from "../history/content.ts";
import type { AppendCall, Condition, Part } from "../history/entry.ts";
import { resultsOf, type Client } from "../worker/client.ts";
import { gaveUp } from "../worker/outcome.ts";

/** One event that matches the query itself, as if there was one seat for it. */
export interface Claim {
  readonly part: Part;
  readonly query: Condition["query"];
}

/** What a decision has read: how many matches, and where the last two of them are. The last of all is its own event. */
interface Matches {
  readonly count: number;
  readonly last: number;
  readonly before: number;
}

const claims: BoundaryDecider<Matches, Claim, Event> = {
  query: ({ query }) => query,
  streamId: ({ part }) => part.stream,
  initialState: () => ({ count: 0, last: 0, before: 0 }),
  evolve: ({ count, last }, { position }: RecordedEvent) => ({ count: count + 1, last: position, before: last }),
  decide: ({ part }) => part.ids.map((id) => ({ ...contentOf(id), id })),
};

/** The same, decided without ids: a command's own id makes them. */
export const claimsOfCommands: BoundaryDecider<Matches, Claim, Event> = { ...claims, decide: ({ part }) => part.ids.map((id) => contentOf(id)) };

/** Decides on all that matches, whatever its stream. Its answer tells what it had read, as a condition that has to hold. */
export function performDecision({ store, append }: Client, claim: Claim, call: Pick<AppendCall, "how" | "again">, options: CommandOptions = {}): Promise<void> {
  const { part, query } = claim;
  const decider = options.commandId === undefined ? claims : claimsOfCommands;
  return append(
    { kind: "append", ...call, parts: [part] },
    async () => {
      const { state, events } = await executeCommand(store, decider, claim, { retry: { attempts: 50 }, ...options });
      const condition: Condition = { query, mark: state.before, below: state.count - 1, above: [] };
      return { ...resultsOf(events.map(({ version, position }) => ({ version, position, created: version === 1 }))), condition };
    },
    gaveUp,
  );
}
