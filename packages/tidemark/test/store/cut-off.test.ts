import { type Message, startProxy, type Side, type Verdict } from "@tidemark/servers";
import { openEventStore, type EventStore } from "../../src/index.ts";
import { cartSummary } from "../projections/carts.ts";
import { itemAdded } from "../support/cart.ts";
import { describe, eventually, expect, failure, test } from "./test.ts";

/** Longer than closing may take, by far. */
const patienceMs = 20_000;

type Fault = readonly [side: Side, name: string, verdict: Verdict];

/** What the messages of an append meet, one after the other. The last fault is for good, and leaves it without an answer. */
const situations: Readonly<Record<string, readonly Fault[]>> = {
  "is in flight": [["backend", "DataRow", "swallow"]],
  "is sent again": [
    ["backend", "DataRow", "drop-connection-before"],
    ["backend", "DataRow", "swallow"],
  ],
  "waits for a connection to be sent again": [
    ["backend", "DataRow", "drop-connection-before"],
    ["frontend", "StartupMessage", "swallow"],
  ],
};

interface StuckAppend extends AsyncDisposable {
  readonly store: EventStore;
  /** What it fails with. */
  readonly error: Promise<unknown>;
}

interface StuckAt {
  readonly databaseUrl: string;
  readonly schema: string;
  readonly inline: boolean;
  readonly stream: string;
}

/** An append that has met all of `faults`. */
async function stickAppend(faults: readonly Fault[], { databaseUrl, schema, inline, stream }: StuckAt): Promise<StuckAppend> {
  const proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
  const pool = { max: 1, connectionTimeoutMs: patienceMs, queryTimeoutMs: patienceMs };
  const store = await openEventStore(proxy.through(databaseUrl), { schema, projections: inline ? [cartSummary("inline")] : [], pool });
  await store.appendToStream(stream, [itemAdded()]);
  if (inline) await eventually(async () => expect(await store.projections.list()).toMatchObject([{ state: "live" }]));
  let met = 0;
  const appending = new Set<number>();
  const meet = (side: Side) => (message: Message) => {
    if (side === "frontend" && message.bytes.includes("ItemAdded")) appending.add(message.connection);
    const next = faults[Math.min(met, faults.length - 1)];
    if (!next || next[0] !== side || next[1] !== message.name) return undefined;
    if (side === "backend" && !appending.has(message.connection)) return undefined;
    met++;
    return next[2];
  };
  proxy.on("frontend", meet("frontend"));
  proxy.on("backend", meet("backend"));
  const error = failure(() => store.appendToStream(stream, [itemAdded()]));
  await eventually(() => expect(met).toBeGreaterThanOrEqual(faults.length));
  return {
    store,
    error,
    async [Symbol.asyncDispose]() {
      await store.close({ timeoutMs: 0 });
      await proxy.close();
    },
  };
}

describe.concurrent("closing a store with a time while an append", () => {
  for (const [situation, faults] of Object.entries(situations)) {
    test.for([false, true])(
      `${situation} ends in time, and the append's outcome is unknown (inline projections: %s)`,
      async (inline, { databaseUrl, schema }) => {
        const stick = (stream: string): Promise<StuckAppend> => stickAppend(faults, { databaseUrl, schema, inline, stream });
        await using control = await stick("control");
        await using stuck = await stick("stuck");
        let waited = false;
        void control.error.then(() => (waited = true));
        const unsent = failure(() => stuck.store.appendToStream("stuck", [itemAdded()]));
        await stuck.store.close({ timeoutMs: 0 });
        expect(await unsent).toMatchObject({ code: "STORE_CLOSED" });
        expect(await stuck.error).toMatchObject({ code: "OUTCOME_UNKNOWN", eventIds: [expect.any(String)] });
        expect(waited).toBe(false);
      },
    );
  }
});
