import { aggregate, decider, type Event, handleCommand, repository } from "tidemark";
import { contentOf, plainContentOf, types } from "../history/content.ts";
import type { AppendCall, Part } from "../history/entry.ts";
import { type Digest, digested, performCommand, tally } from "../operations/command.ts";
import { performTransfer } from "../operations/transfer.ts";
import { eventsOf, resultsOf, type Client } from "../worker/client.ts";
import { failure, type Call } from "./call.ts";
import { idsOf } from "./command-ids.ts";

/** One less than the tally keeps a snapshot after. */
const fourEvents = (client: Client, category: string): Promise<void> => {
  const part: Part = { stream: `${category}-1`, expected: "any", ids: client.newIds(4) };
  return client.append({ kind: "append", how: "append to a stream", parts: [part] }, async () =>
    resultsOf([await client.store.appendToStream(part.stream, eventsOf(part))]),
  );
};

const commandOn = (client: Client, category: string, events: number): Promise<void> =>
  performCommand(client, { stream: `${category}-1`, expected: "any", ids: client.newIds(events) }, "command");

/** Whatever the snapshot holds by now, the next command's state is that of all events: K1 is asked of it. */
const decidesSoundly = (healthy: Client, category: string): Promise<string | undefined> =>
  failure(async () => {
    const before = healthy.shared.written;
    await commandOn(healthy, category, 1);
    return healthy.shared.written === before ? "the next command failed" : undefined;
  });

/** Decided without ids: the command's own id makes them. */
const withoutIds = decider<Digest, Part, Event>({ ...digested, decide: ({ ids }) => ids.map((id) => contentOf(id)) });

/** By case: what its command has to write. */
const commands = new Map<string, Part>();

/** Handled again it writes nothing, and answers as it did, or should have done, the first time. */
function carryOut({ store, append }: Client, category: string, again?: true): Promise<void> {
  const part = commands.get(category);
  if (!part) throw new Error(`${category} was not prepared.`);
  return append({ kind: "append", how: "command with an id", parts: [part], ...(again && { again }) }, async () => {
    const { version, position } = await handleCommand(store, withoutIds, part.stream, part, { commandId: category, retry: { attempts: 50 } });
    return resultsOf([{ version, position: position ?? 0, created: version === part.ids.length }]);
  });
}

type Tallied = Event<(typeof types)[number]>;
const [added, removed, confirmed] = types;

class Aggregated extends aggregate<Digest, Tallied>({
  category: "aggregated",
  initialState: digested.initialState,
  evolve: { [added]: digested.evolve, [removed]: digested.evolve, [confirmed]: digested.evolve },
}) {
  add(ids: readonly string[]): void {
    for (const id of ids) this.apply(plainContentOf(id));
  }
}

/** By case: what was loaded and changed, and is perhaps not saved yet. */
const aggregates = new Map<string, { readonly aggregated: Aggregated; readonly call: AppendCall }>();

/** The store makes the ids of its events, and an aggregate that may be saved already keeps them. */
async function save({ store, shared, append }: Client, category: string, again?: true): Promise<void> {
  const { aggregated, call } = aggregates.get(category) ?? {};
  if (!aggregated || !call) return;
  for (const { ids } of call.parts) shared.idsToGive.push(...ids);
  await append({ ...call, ...(again && { again }) }, async () => {
    const result = await repository(store, Aggregated).save(aggregated);
    if (!result) throw new Error("There was nothing to save.");
    return resultsOf([result]);
  });
}

export const commandCalls: readonly Call[] = [
  {
    name: "handle a command and keep a snapshot",
    promise: "K1",
    prepare: fourEvents,
    async run(client, category) {
      await commandOn(client, category, 1);
      await client.store.snapshots.settled();
    },
    verify: decidesSoundly,
  },
  {
    name: "handle a command on a snapshot",
    promise: "K1",
    async prepare(client, category) {
      await fourEvents(client, category);
      await commandOn(client, category, 2);
      await client.store.snapshots.settled();
    },
    run: (client, category) => commandOn(client, category, 2),
    verify: decidesSoundly,
  },
  {
    name: "take a snapshot",
    promise: "K1",
    prepare: fourEvents,
    async run({ store, perform }, category) {
      await perform({ kind: "snapshot", streams: [] }, async () => {
        await store.snapshots.take(tally, `${category}-1`);
        return { kind: "snapshot" as const, versions: [] };
      });
    },
    verify: decidesSoundly,
  },
  {
    name: "carry out a command that has an id",
    promise: "L7",
    async prepare(client, category) {
      const stream = `${category}-1`;
      const probe: Part = { stream, expected: "any", ids: client.newIds(2) };
      const ids = await idsOf(client, async (tx) => (await handleCommand(tx, withoutIds, stream, probe, { commandId: category })).events);
      commands.set(category, { stream, expected: "any", ids });
    },
    run: (client, category) => carryOut(client, category),
    verify: (healthy, category) =>
      failure(async () => {
        const before = healthy.shared.written;
        await carryOut(healthy, category, true);
        return healthy.shared.written === before ? "handled again, the command failed" : undefined;
      }),
  },
  {
    name: "transfer from one account to another",
    run: (client, category) => performTransfer(client, [`account-${category}-1`, `account-${category}-2`], "transfer"),
  },
  {
    name: "load and save an aggregate",
    promise: "L7",
    async prepare(client, category) {
      const part: Part = { stream: `aggregated-${category}`, expected: "any", ids: client.newIds(2) };
      await client.append({ kind: "append", how: "append to a stream", parts: [part] }, async () =>
        resultsOf([await client.store.appendToStream(part.stream, eventsOf(part))]),
      );
    },
    async run(client, category) {
      const aggregated = await repository(client.store, Aggregated)
        .load(category)
        .catch(() => undefined);
      if (!aggregated) return;
      const ids = client.newIds(2);
      aggregated.add(ids);
      aggregates.set(category, { aggregated, call: { kind: "append", how: "save an aggregate", parts: [{ stream: aggregated.streamId, expected: 2, ids }] } });
      await save(client, category);
    },
    verify: (healthy, category) =>
      failure(async () => {
        const { aggregated } = aggregates.get(category) ?? {};
        if (!aggregated || aggregated.pending.length === 0) return undefined;
        await save(healthy, category, true);
        return aggregated.pending.length > 0 ? "saved again, the aggregate was refused" : undefined;
      }),
  },
];
