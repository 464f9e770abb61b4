import { type BoundaryDecider, decider, type Event, executeCommand, handleCommand, type MultiStreamDecider, type RecordedEvent } from "tidemark";
import type { Script } from "./step.ts";

type Booked = Event<"Booked", { readonly amount: number }>;

const evolve = (sum: number, { data }: Booked): number => sum + data.amount;
const account = decider<number, number, Booked>({
  name: "account \\",
  snapshot: { every: 2 },
  initialState: () => 0,
  evolve,
  decide: (amount) => [{ type: "Booked", data: { amount } }],
});
const transfer: MultiStreamDecider<number, number, Booked> = {
  reads: ["account-1", "account-2"],
  initialState: () => 0,
  evolve,
  decide: (amount, sum) => [{ streamId: "account-3", events: [{ type: "Booked", data: { amount: amount + sum } }] }],
};
const seat: BoundaryDecider<number, string, Booked> = {
  query: (tag) => [{ tags: [tag] }],
  streamId: "seats-1",
  initialState: () => 0,
  evolve: (count) => count + 1,
  decide: (tag, count) => (count < 2 ? [{ type: "Booked", data: { amount: count }, tags: [tag] }] : []),
};

/** Commands of every kind, with snapshots and ids of their own. */
export async function commandsAndSnapshots({ store, step }: Script): Promise<void> {
  await step("commands", async () => {
    const states: unknown[] = [];
    for (const [stream, amount] of [
      ["account-1", 0.1],
      ["account-1", 0.2],
      ["account-2", 5],
      ["account-1", 1e21],
      ["account-1", -1],
    ] as const) {
      const { state, version } = await handleCommand(store, account, stream, amount, { metadata: { actorId: "\\" } });
      states.push([state, version]);
    }
    return states;
  });
  await step("a command with an id, and again", async () => {
    const results = [];
    for (const _ of [1, 2]) results.push(await handleCommand(store, account, "account-4", 3, { commandId: "e'\\x41'" }));
    return results.map(({ state, version, events }) => [state, version, events.map(({ id }: RecordedEvent) => id)]);
  });
  await step("a command over several streams", async () => {
    const { state, events } = await executeCommand(store, transfer, 2);
    return [state, events.map(({ streamId, version }) => [streamId, version])];
  });
  await step("commands by query", async () => {
    const counts: unknown[] = [];
    for (let n = 0; n < 3; n++) counts.push((await executeCommand(store, seat, "seat:\\1")).events.length);
    return counts;
  });
  await step("snapshots", async () => {
    // Written in the background, one at a time.
    while (store.snapshots.stats().pending > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const { failed, unfit, mismatched } = store.snapshots.stats();
    const kept = (await store.snapshots.list()).map(({ name, streamIds, version, bytes }) => [name, streamIds, version, bytes]);
    return [failed, unfit, mismatched, kept.length > 0];
  });
}
