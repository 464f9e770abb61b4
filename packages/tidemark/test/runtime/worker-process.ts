// A process of processes.test.ts: runs a worker whose handler counts each event in the database, until it is told to stop.
import { existsSync } from "node:fs";
import pg from "pg";
import { defineConsumer, openEventStore } from "tidemark";

export interface Orders {
  readonly url: string;
  readonly schema: string;
  readonly leaseMs: number;
  readonly shards: number;
  /** The handler waits this long at each event, before it writes. */
  readonly pauseMs?: number;
}

export type Report = { readonly kind: "started" | "handling" | "stopped" } | { readonly kind: "error"; readonly code: string; readonly message: string };

/** `block`: the event loop stands still until this file is there, as it does in a long computation. */
export type Command = { readonly kind: "stop" } | { readonly kind: "block"; readonly until: string };

function report(message: Report): void {
  process.send?.(message);
}

async function obey({ url, schema, leaseMs, shards, pauseMs = 0 }: Orders): Promise<void> {
  const table = `${pg.escapeIdentifier(schema)}.effects`;
  await using store = await openEventStore(url, { schema, migrate: "off" });
  let handled = 0;
  const counter = defineConsumer({
    name: "counter",
    shards,
    batchSize: 20,
    async handle({ position, streamId }, context) {
      if (handled++ === 0) report({ kind: "handling" });
      await context.query(`insert into ${table} (position, consumer, fence) values ($1, $2, $3)`, [position, streamId, context.fence]);
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    },
  });
  const worker = store.createWorker({ consumers: [counter], leaseMs, onError: ({ code, message }) => report({ kind: "error", code, message }) });
  const stopped = new Promise<void>((resolve) => {
    process.on("message", (command: Command) => {
      if (command.kind === "stop") resolve();
      else while (!existsSync(command.until)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    });
  });
  await worker.start();
  report({ kind: "started" });
  await stopped;
  await worker.stop();
  report({ kind: "stopped" });
  process.disconnect();
}

process.once("message", (orders: Orders) => void obey(orders));
