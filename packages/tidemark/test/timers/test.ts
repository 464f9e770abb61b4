import pg from "pg";
import type { EventStore, RecordedEvent, TidemarkError, Worker, WorkerDefinition } from "tidemark";
import { eventually, expect, test as base } from "../support/test.ts";

export { describe, eventually, expect } from "../support/test.ts";

export interface Fired {
  readonly worker: Worker;
  readonly errors: TidemarkError[];
}

/**
 * Tests of timers.
 *
 * `q`: the name of the test's schema, quoted for SQL.
 * `fire`: starts a worker that fires timers; stopped after the test.
 * `client`: opens a connection that is not a store's; closed after the test.
 */
export const test = base
  .extend("q", ({ schema }) => pg.escapeIdentifier(schema))
  .extend("fire", ({ store }, { onCleanup }) => {
    const workers: Worker[] = [];
    onCleanup(async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
    });
    return async (on: EventStore = store, definition: WorkerDefinition = { timers: true }): Promise<Fired> => {
      const errors: TidemarkError[] = [];
      const worker = on.createWorker({ onError: (error) => void errors.push(error), ...definition });
      workers.push(worker);
      await worker.start();
      return { worker, errors };
    };
  })
  .extend("client", async ({ databaseUrl }, { onCleanup }) => {
    const clients: pg.Client[] = [];
    onCleanup(async () => {
      await Promise.all(clients.map((client) => client.end().catch(() => {})));
    });
    return async (): Promise<pg.Client> => {
      const client = new pg.Client(databaseUrl);
      client.on("error", () => {});
      await client.connect();
      clients.push(client);
      return client;
    };
  });

/** An event that a timer appends. */
export function reminded(n = 0): { readonly type: string; readonly data: { readonly n: number } } {
  return { type: "Reminded", data: { n } };
}

/** The events of a stream. */
export function eventsOf(store: EventStore, streamId: string): Promise<readonly RecordedEvent[]> {
  return store.readStream(streamId).toArray();
}

/** Waits until a stream has so many events, and returns them. */
export function firedIn(store: EventStore, streamId: string, count = 1): Promise<readonly RecordedEvent[]> {
  return eventually(async () => {
    const events = await eventsOf(store, streamId);
    expect(events.length).toBeGreaterThanOrEqual(count);
    return events;
  });
}

/** Waits until a session that runs such a statement waits for a lock. */
export function waiting(sql: pg.Pool, statement: string): Promise<void> {
  return eventually(async () => {
    const { rows } = await sql.query("select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like $1", [
      `%${statement}%`,
    ]);
    expect(rows.length).toBeGreaterThan(0);
  });
}
