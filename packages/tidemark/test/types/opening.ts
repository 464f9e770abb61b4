import { migrationSql, openEventStore, type EventReaderWriter, type EventStore, type Logger, type StoreTransaction } from "tidemark";
import { cartStore, same, store, type CartEvent } from "./cart.ts";

same<Promise<EventStore>>()(openEventStore());
same<Promise<EventStore<CartEvent>>>()(openEventStore<CartEvent>("file:./data"));
void openEventStore(process.env["DATABASE_URL"], {
  schema: "shop",
  migrate: "verify",
  prepare: false,
  durability: "on",
  limits: { eventBytes: 2 ** 20, queuedAppends: 5 },
});
void openEventStore("postgres://localhost/shop", {
  pool: { preset: "web", max: 10, min: 0, connectionTimeoutMs: 1, idleTimeoutMs: 1, maxLifetimeMs: 1, queryTimeoutMs: 1, pingBeforeUse: true },
});
void openEventStore({ logger: console, now: () => new Date(), createId: () => "0198c0de-0000-7000-8000-000000000000" });
// @ts-expect-error -- a misspelt word
void openEventStore({ migrate: "never" });
// @ts-expect-error -- no such option
void openEventStore({ schemas: "shop" });

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
void openEventStore({ logger: silent });

// What takes any store takes a store of a catalogue's events.
declare function audit(any: EventStore): void;
declare function count(any: EventReaderWriter): void;
audit(cartStore);
count(cartStore);
count(store.forTenant("acme"));

// A transaction reads and appends as the store does, and returns what its callback returns.
const moved = await cartStore.transaction(async (tx) => {
  same<StoreTransaction<CartEvent>>()(tx);
  count(tx);
  // @ts-expect-error -- no event of this store
  void tx.appendToStream("cart-1", [{ type: "Stranger", data: {} }]);
  const { rows } = await tx.query<{ total: number }>("select 1 as total", []);
  return rows[0]?.total;
});
same<number | undefined>()(moved);

declare const client: { query(text: string, values: unknown[]): Promise<{ rows: unknown[] }> };
same<StoreTransaction<CartEvent>>()(cartStore.withTransaction(client));

same<number>()(await store.highWaterMark());
for (const { pid, transaction, applicationName, query, heldForMs, events } of await store.blockers()) {
  same<number | null>()(pid);
  same<string | null>()(transaction);
  same<string>()(applicationName);
  same<string>()(query);
  same<number>()(heldForMs);
  same<number>()(events);
}
same<string>()(migrationSql({ schema: "shop", from: 1 }));

await using disposed = await openEventStore();
void disposed;
