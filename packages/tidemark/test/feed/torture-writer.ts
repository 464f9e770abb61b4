// A process of torture.test.ts: several connections append until they are told to stop, then it reports what committed.
import pg from "pg";
import type { EventStore } from "../../src/store/event-store.ts";
import { openStore } from "./open.ts";
import { randomFrom } from "./random.ts";
import { beginTransaction } from "./transaction.ts";

export interface Orders {
  readonly url: string;
  readonly schema: string;
  readonly seed: number;
  readonly connections: number;
}

const stop = new AbortController();

async function write(store: EventStore, url: string, seed: number): Promise<number> {
  const random = randomFrom(seed);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  let committed = 0;
  while (!stop.signal.aborted) {
    const open = await beginTransaction(store, client);
    // One stream each for a transaction: two that wait for each other's streams would only deadlock.
    const stream = `stream-${Math.floor(random() * 40)}`;
    let events = 0;
    for (let appends = 1 + Math.floor(random() * 3); appends > 0; appends--) {
      const chance = random();
      if (chance < 0.2) await open.execute("savepoint s");
      await open.append(stream);
      if (chance < 0.1) await open.execute("rollback to s");
      else events++;
      if (chance > 0.9) await open.execute(`select pg_sleep(${random() * 0.005})`);
    }
    if (random() < 0.2) await open.rollback();
    else {
      await open.commit();
      committed += events;
    }
  }
  await client.end();
  return committed;
}

async function obey({ url, schema, seed, connections }: Orders): Promise<void> {
  const store = await openStore(url, schema);
  process.once("message", () => stop.abort());
  process.send?.("started");
  const counts = await Promise.all(Array.from({ length: connections }, (_, n) => write(store, url, seed * 100 + n)));
  await store.close();
  process.send?.(counts.reduce((sum, count) => sum + count, 0));
  process.disconnect();
}

process.once("message", (orders: Orders) => void obey(orders));
