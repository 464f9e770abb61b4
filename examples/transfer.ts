// Money between accounts: read both, decide, append to both or to none, and decide again after a conflict.
// Run: node --conditions=source examples/transfer.ts
import { type Event, type EventStore, isTidemarkError, openEventStore } from "tidemark";

type AccountEvent = Event<"Deposited", { cents: number }> | Event<"Withdrawn", { cents: number }>;

const fold = {
  initialState: () => 0,
  evolve: (cents: number, event: AccountEvent) => (event.type === "Deposited" ? cents + event.data.cents : cents - event.data.cents),
};

async function transfer(store: EventStore<AccountEvent>, from: string, to: string, cents: number): Promise<boolean> {
  for (;;) {
    const [source, target] = await Promise.all([store.aggregateStream(from, fold), store.aggregateStream(to, fold)]);
    if (source.state < cents) return false;
    try {
      await store.appendToStreams([
        { streamId: from, events: [{ type: "Withdrawn", data: { cents } }], expectedVersion: source.version },
        { streamId: to, events: [{ type: "Deposited", data: { cents } }], expectedVersion: target.version },
      ]);
      return true;
    } catch (error) {
      // Somebody else moved money meanwhile: what was read is out of date, and so is the decision.
      if (!isTidemarkError(error, "VERSION_CONFLICT")) throw error;
    }
  }
}

const store = await openEventStore<AccountEvent>();
const accounts = Array.from({ length: 5 }, (_, n) => `account-${n + 1}`);
for (const account of accounts) await store.appendToStream(account, [{ type: "Deposited", data: { cents: 10_000 } }], { expectedVersion: "no-stream" });

const moves = Array.from({ length: 60 }, (_, n) => ({ from: n % 5, to: (n * 2 + 1) % 5, cents: 100 * (1 + (n % 7)) })).filter(({ from, to }) => from !== to);
const done = await Promise.all(moves.map(({ from, to, cents }) => transfer(store, `account-${from + 1}`, `account-${to + 1}`, cents)));

const balances = await Promise.all(accounts.map(async (account) => (await store.aggregateStream(account, fold)).state));
console.log(`${done.length} transfers at once, ${done.filter(Boolean).length} had the money`);
console.log(`together ${balances.reduce((sum, cents) => sum + cents, 0) / 100}, none below zero: ${balances.every((cents) => cents >= 0)}`);
await store.close();
// => 48 transfers at once, 48 had the money
// => together 500, none below zero: true
