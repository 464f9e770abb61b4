import { type Event, executeCommand, type MultiStreamDecider, type RecordedEvent } from "tidemark";
import { balanceOf, credit } from "../history/account.ts";
import type { Part } from "../history/entry.ts";
import { eventsOf, resultsOf, type Client } from "../worker/client.ts";
import { ChangedMind, gaveUp } from "../worker/outcome.ts";
import { type Digest, digested } from "./command.ts";
import type { Operation } from "./operation.ts";

interface Bank extends Digest {
  readonly balances: Readonly<Record<string, number>>;
}

const transfers: MultiStreamDecider<Bank, readonly [from: Part, to: Part], Event> = {
  name: "transfer",
  snapshot: { every: 5 },
  reads: ([from, to]) => [from.stream, to.stream],
  initialState: () => ({ ...digested.initialState(), balances: {} }),
  evolve: ({ balances, ...digest }, event: RecordedEvent) => ({
    ...digested.evolve(digest, event),
    balances: { ...balances, [event.streamId]: (balances[event.streamId] ?? credit) + balanceOf(event.id) },
  }),
  decide: ([from, to], { balances }) => {
    if ((balances[from.stream] ?? credit) < 1) throw new ChangedMind("nothing left");
    return [from, to].map((part) => ({ streamId: part.stream, events: eventsOf(part) }));
  },
};

/** The first of two ids takes away, the second one brings: see `balanceOf`. */
export function performTransfer({ store, newIds, append }: Client, [source, target]: readonly [string, string], how: string): Promise<void> {
  const [withdrawal = "", deposit = ""] = newIds(2);
  const from: Part = { stream: source, expected: "any", ids: [withdrawal] };
  const to: Part = { stream: target, expected: "any", ids: [deposit] };
  return append(
    { kind: "append", how, parts: [from, to] },
    async () => {
      const { state, events } = await executeCommand(store, transfers, [from, to], { retry: { attempts: 50 } });
      const results = [from, to].map(({ ids }) => {
        const { version = 0, position = 0 } = events.find(({ id }) => id === ids[0]) ?? {};
        return { version, position, created: version === 1 };
      });
      const streams = events.map(({ streamId, version }) => [streamId, version] as const);
      return { ...resultsOf(results), state: { streams, events: state.events, digest: state.digest } };
    },
    gaveUp,
  );
}

/** From one account to another, of a few that all processes use: none is ever overdrawn, and the sum stays. */
export const transfer: Operation = {
  name: "transfer",
  weight: 6,
  async run(client) {
    const { random } = client;
    const first = random.between(0, 3);
    await performTransfer(client, [`account-${first}`, `account-${(first + random.between(1, 3)) % 4}`], this.name);
  },
};
