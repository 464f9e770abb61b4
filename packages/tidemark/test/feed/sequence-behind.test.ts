import { defineConsumer, type EventStore, isTidemarkError, openEventStore, type TidemarkError } from "../../src/index.ts";
import { itemAdded } from "../support/cart.ts";
import { rejection } from "../database/open.ts";
import { sequenceOf } from "./open.ts";
import { describe, eventually, expect, test } from "./test.ts";

/** What a restore without the sequence leaves, or a replica's copy of the tables: `null` is a sequence that was never used. */
const places = [1, null] as const;
const behind = { code: "SEQUENCE_BEHIND", log: 3, retryable: false };

async function setBack(store: EventStore, sequence: string, place: number | null): Promise<void> {
  await store.query(`select pg_catalog.setval('${sequence}', ${place ?? 1}, ${place !== null})`);
}

const readings: Readonly<Record<string, (store: EventStore) => Promise<unknown>>> = {
  highWaterMark: (store) => store.highWaterMark(),
  readAll: (store) => store.readAll().toArray(),
  "readAll of a filter": (store) => store.readAll({ filter: { types: ["ItemAdded"] } }).toArray(),
  "readAll in a transaction": (store) => store.transaction((tx) => tx.readAll().toArray()),
  readBoundary: (store) => store.readBoundary([{ types: ["ItemAdded"] }]),
  subscribe: async (store) => {
    for await (const _event of store.subscribe()) break;
  },
  "a consumer's place": (store) => store.consumers.list(),
  append: (store) => store.appendToStream("cart-1", [itemAdded()]),
};

describe.for(places)("a position sequence at %s under a log of three events", (place) => {
  test("is what everything says that depends on the end of the log, until it is set right", async ({ store, schema, sql }) => {
    await store.appendToStream("cart-1", [itemAdded(), itemAdded(), itemAdded()]);
    const worker = store.createWorker({ consumers: [defineConsumer({ name: "mailer", handle: () => {} })] });
    await worker.start();
    await worker.stop();
    await setBack(store, sequenceOf(schema), place);
    for (const [name, read] of Object.entries(readings)) {
      const error = await rejection(read(store));
      expect(error, name).toMatchObject({ ...behind, sequence: place ?? 0 });
      expect(String(error), name).toMatch(/sequence is at \d, but the log reaches 3\b.* Run: select setval\('.*', 3\)/s);
    }
    // What does not depend on it.
    expect(await store.readStream("cart-1").toArray()).toHaveLength(3);

    await sql.query(remedyOf(await rejection(store.highWaterMark())));
    expect(await store.highWaterMark()).toBe(3);
    expect(await store.readAll().toArray()).toHaveLength(3);
    expect(await store.appendToStream("cart-1", [itemAdded()])).toMatchObject({ position: 4 });
  });

  test("is refused where a store opens", async ({ store, openStore, schema, sql }) => {
    await store.appendToStream("cart-1", [itemAdded(), itemAdded(), itemAdded()]);
    await setBack(store, sequenceOf(schema), place);
    for (const migrate of ["auto", "verify"] as const) {
      expect(await rejection(openStore({ migrate }))).toMatchObject({ ...behind, sequence: place ?? 0 });
    }
    await sql.query(remedyOf(await rejection(openStore())));
    expect(await (await openStore()).readAll().toArray()).toHaveLength(3);
  });
});

test("followers that are open when the sequence is set back stop and say so", async ({ store, schema }) => {
  await store.appendToStream("cart-1", [itemAdded(), itemAdded(), itemAdded()]);
  const failures: TidemarkError[] = [];
  const consumer = defineConsumer({ name: "mailer", handle: () => {} });
  const worker = store.createWorker({ consumers: [consumer], onError: (error) => void (isTidemarkError(error) && failures.push(error)) });
  await worker.start();
  await worker.caughtUp();
  const following = (async () => {
    for await (const _event of store.subscribe({ after: "end" }));
  })().catch((error: unknown) => error);
  await setBack(store, sequenceOf(schema), 1);
  expect(await following).toMatchObject(behind);
  await eventually(() => expect(failures[0]).toMatchObject(behind));
  await worker.stop();
});

test("a sequence behind the log is noticed in an embedded store, too", async () => {
  await using store = await openEventStore();
  await store.appendToStream("cart-1", [itemAdded(), itemAdded(), itemAdded()]);
  await setBack(store, '"tidemark"."events_position_seq"', 1);
  expect(await rejection(store.readAll().toArray())).toMatchObject(behind);
});

function remedyOf(error: unknown): string {
  return /select setval\('.*', \d+\)/.exec(String(error))?.[0] ?? "";
}
