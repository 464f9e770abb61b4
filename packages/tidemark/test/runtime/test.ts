import pg from "pg";
import type { Consumer, ConsumerContext, EventStore, RecordedEvent, TidemarkError, Worker } from "tidemark";
import { test as base } from "../support/test.ts";

export interface Effects {
  /** Writes one row for an event through the handler's context. The same event twice is an error. */
  write(event: RecordedEvent, context: ConsumerContext): Promise<void>;
  /** The positions that were written, in order. */
  positions(): Promise<number[]>;
  readonly table: string;
}

export interface StartedWorker extends AsyncDisposable {
  readonly worker: Worker;
  readonly errors: TidemarkError[];
}

/**
 * Tests of workers.
 *
 * `effects`: a table whose key is the event's position, so that an effect that comes twice fails.
 * `start`: starts a worker for consumers, with a short lease; stopped after the test.
 */
export const test = base
  .extend("effects", async ({ sql, schema, store }) => {
    // The store comes first: it creates the schema.
    void store;
    const table = `${pg.escapeIdentifier(schema)}.effects`;
    await sql.query(`create table ${table} (position bigint primary key, consumer text, fence bigint)`);
    return {
      table,
      async write({ position }, context) {
        await context.query(`insert into ${table} values ($1, null, $2)`, [position, context.fence]);
      },
      async positions() {
        const { rows } = await sql.query<{ position: string }>(`select position from ${table} order by position`);
        return rows.map((row) => Number(row.position));
      },
    } satisfies Effects;
  })
  .extend("start", ({ application }, { onCleanup }) => {
    const started: Worker[] = [];
    onCleanup(async () => {
      await Promise.all(started.map((worker) => worker.stop()));
    });
    return async (consumers: Consumer | readonly Consumer[], options: { readonly on?: EventStore; readonly leaseMs?: number } = {}) => {
      const errors: TidemarkError[] = [];
      const worker = (options.on ?? application).createWorker({
        consumers: Array.isArray(consumers) ? consumers : [consumers],
        leaseMs: options.leaseMs ?? 2_000,
        onError: (error) => void errors.push(error),
      });
      started.push(worker);
      await worker.start();
      return { worker, errors };
    };
  });

export { describe, eventually, expect } from "../support/test.ts";

export { gate } from "../support/gate.ts";
