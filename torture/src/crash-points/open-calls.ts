import { setTimeout as delay } from "node:timers/promises";
import { openEventStore, type EventStore } from "tidemark";
import type { Client } from "../worker/client.ts";
import { failure, type Call } from "./call.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

function openAt({ shared: { orders } }: Client, schema: string): Promise<EventStore> {
  return openEventStore(orders.url, {
    schema,
    logger: silent,
    pool: { max: 1, connectionTimeoutMs: 2_500, queryTimeoutMs: orders.queryTimeoutMs },
  });
}

/** A migration takes as long as it takes: on a connection that falls silent meanwhile only TCP finds out, and the user waits. */
const patienceMs = 5_000;

/** Counts as a look at nothing: it ends well, or with an error of the library's. */
async function open(client: Client, schema: string): Promise<void> {
  const opening = client.perform({ kind: "snapshot", streams: [] }, async () => {
    const store = await openAt(client, schema);
    await store.close();
    return { kind: "snapshot" as const, versions: [] };
  });
  await Promise.race([opening, delay(patienceMs)]);
  left.set(schema, opening);
}

/** Ends once its connection is gone. */
const left = new Map<string, Promise<unknown>>();

async function migrationsOf(store: EventStore, schema: string): Promise<string> {
  const { rows } = await store.query(`select version, name from "${schema}".migrations order by version`);
  return JSON.stringify(rows);
}

/** Who comes next finds a whole schema, or makes it whole. */
function isWhole(healthy: Client, schema: string): Promise<string | undefined> {
  return failure(async () => {
    await left.get(schema);
    await using store = await openAt(healthy, schema);
    const [there, wanted] = [await migrationsOf(store, schema), await migrationsOf(healthy.store, healthy.shared.orders.schema)];
    if (there !== wanted) return `migrations are ${there}, and should be ${wanted}`;
    const { version } = await store.appendToStream("cart-1", [{ type: "ItemAdded", data: {} }], { expectedVersion: "no-stream" });
    return version === 1 ? undefined : `the first event has version ${version}`;
  });
}

export const openCalls: readonly Call[] = [
  { name: "open a store and create its schema", promise: "M1", run: open, verify: isWhole },
  { name: "open a store that is there", run: (client) => open(client, client.shared.orders.schema) },
];
