import pg from "pg";
import { type NewMessage, openEventStore, type StoreTransaction } from "tidemark";
import { defineConsumer, defineProjection, defineRelay } from "tidemark";
import { itemAdded } from "../support/cart.ts";
import { openTransaction } from "../support/open-transaction.ts";
import { recordWarnings } from "../database/open.ts";
import { describe, eventually, expect, MemoryBroker, test } from "../relays/test.ts";

/** A value that the types refuse. */
function any<T>(value: unknown): T {
  const holder: object = { value };
  return Reflect.get(holder, "value");
}

const source = "outbox";
const textOf = ({ body }: { readonly body: Uint8Array }): string => Buffer.from(body).toString();
const mail = (n: number | string, key = "customer-1"): NewMessage => ({ topic: "mail", key, payload: { n } });
const publish =
  (...messages: readonly NewMessage[]) =>
  async (tx: StoreTransaction): Promise<void> => {
    for (const message of messages) await tx.publish(message);
  };

describe("a message of the outbox", () => {
  test("is published once its transaction has committed, with its id, headers and payload", async ({ store, start }) => {
    const { broker, worker } = await start({ source });
    const published = await store.transaction(async (tx) => {
      await tx.appendToStream("order-1", [itemAdded()]);
      return await tx.publish({ topic: "mail", key: "customer-1", payload: ["a", { b: 1 }, null], headers: { "X-Kind": "thanks", traceparent: "00-1" } });
    });
    await worker.caughtUp();
    expect(broker.stored).toMatchObject([
      {
        id: published.id,
        key: "customer-1",
        contentType: "application/json",
        headers: { "x-kind": "thanks", traceparent: "00-1", "tidemark-event-id": published.id, "tidemark-fence": expect.any(String) },
      },
    ]);
    expect(broker.stored.map(textOf)).toEqual(['["a",{"b":1},null]']);
    expect(await store.outbox.list()).toMatchObject([
      { id: published.id, topic: "mail", key: "customer-1", payload: ["a", { b: 1 }, null], state: "published" },
    ]);
    expect(await store.readAll().toArray()).toHaveLength(1);
  });

  test("is never published where its transaction is rolled back, to a savepoint of the user's client too", async ({ store, start, sql }) => {
    const { broker, worker } = await start({ source });
    await expect(
      store.transaction(async (tx) => {
        await tx.publish(mail("rolled back"));
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    const client = await sql.connect();
    try {
      await client.query("begin");
      const tx = store.withTransaction(client);
      await tx.publish(mail(1));
      await client.query("savepoint a");
      await tx.publish(mail("to the savepoint"));
      await client.query("rollback to savepoint a");
      await tx.publish(mail(2));
      await client.query("commit");
      await client.query("begin");
      await store.withTransaction(client).publish(mail("the user rolls back"));
      await client.query("rollback");
    } finally {
      client.release();
    }
    store.wake();
    await worker.caughtUp();
    expect(broker.stored.map(textOf)).toEqual(['{"n":1}', '{"n":2}']);
  });

  test("is published with a handler's checkpoint, and once though the handler fails first", async ({ store, start }) => {
    await store.appendToStream("order-1", [itemAdded()]);
    const consumer = defineConsumer({
      name: "mailer",
      retry: { minDelayMs: 1, maxDelayMs: 1 },
      handle: async (event, context) => {
        await context.publish(mail(`${event.streamId} ${context.attempt}`));
        if (context.attempt === 1) throw new Error("the first try fails");
      },
    });
    const consuming = store.createWorker({ consumers: [consumer] });
    await consuming.start();
    await consuming.caughtUp();
    await consuming.stop();
    const { broker, worker } = await start({ source });
    await worker.caughtUp();
    expect(broker.stored.map(textOf)).toEqual(['{"n":"order-1 2"}']);
  });

  test("with an id that the outbox has is not published again, within a tenant", async ({ store, start }) => {
    const id = "0198a000-0000-7000-8000-000000000001";
    const { broker, worker } = await start({ source, tenants: "all" });
    expect(await store.transaction((tx) => tx.publish({ ...mail(1), id }))).toEqual({ id, repeated: false });
    expect(await store.transaction((tx) => tx.publish({ ...mail(2), id: id.toUpperCase() }))).toEqual({ id, repeated: true });
    expect(await store.forTenant("acme").transaction((tx) => tx.publish({ ...mail(3), id }))).toEqual({ id, repeated: false });
    await worker.caughtUp();
    expect(broker.stored.map(textOf)).toEqual(['{"n":1}', '{"n":3}']);
    expect(await store.forTenant("acme").outbox.list()).toMatchObject([{ payload: { n: 3 } }]);
  });

  test("goes to the relays of its topic and tenant, of whom each has its own place", async ({ store, start }) => {
    await store.transaction(publish(mail(1), { ...mail(2), topic: "audit" }));
    await store.forTenant("acme").transaction(publish(mail(3)));
    const mails = await start({ source, name: "mails", topics: ["mail"] });
    const all = await start({ source, name: "all", tenants: "all" });
    await Promise.all([mails.worker.caughtUp(), all.worker.caughtUp()]);
    expect(mails.broker.stored.map(textOf)).toEqual(['{"n":1}']);
    expect(all.broker.stored.map(textOf)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
    expect(all.broker.stored.map(({ event }) => event.type)).toEqual(["mail", "audit", "mail"]);
  });

  test("that is bad is refused before anything is sent, and leaves its transaction usable", async ({ store, openStore }) => {
    const small = await openStore({ limits: { eventBytes: 1_024 } });
    const bad: readonly (readonly [NewMessage, RegExp])[] = [
      [any(undefined), /^message must be a message/],
      [any({ key: "k", payload: 1 }), /^message\.topic is missing/],
      [any({ topic: "t", payload: 1 }), /^message\.key is missing/],
      [any({ topic: "t", key: "k" }), /^message\.payload is missing/],
      [any({ ...mail(1), headres: {} }), /^message\.headres is not an option; did you mean "?headers/],
      [{ ...mail(1), topic: "a\u0000" }, /^message\.topic /],
      [{ ...mail(1), key: "x".repeat(513) }, /^message\.key /],
      [{ ...mail(1), id: "1" }, /^message\.id /],
      [{ ...mail(1), payload: { at: new Date() } }, /^message\.payload\.at /],
      [{ ...mail(1), payload: { text: "\u0000" } }, /^message\.payload\.text /],
      [{ ...mail(1), headers: { "tidemark-x": "1" } }, /^message\.headers holds "tidemark-x"/],
      [{ ...mail(1), headers: { "X-Kind": "1", "x-kind": "1" } }, /^message\.headers holds "x-kind" in two spellings/],
      [{ ...mail(1), headers: { "Content-Type": "text/plain" } }, /^message\.headers holds "Content-Type": the relay sends it/],
      [{ ...mail(1), headers: { x: "ü" } }, /^message\.headers\.x must be printable ASCII/],
      [{ ...mail(1), payload: "x".repeat(2_000) }, /^message\.payload has|message\.payload/],
    ];
    await small.transaction(async (tx) => {
      for (const [message, problem] of bad) await expect(tx.publish(message), String(problem)).rejects.toThrow(problem);
      await tx.publish(mail(1));
    });
    expect(await store.outbox.stats()).toMatchObject({ pending: 1 });
  });

  test("is refused where the sequence is behind the outbox, as after a restore: relays would never read it", async ({ store, sql, schema, start }) => {
    const { broker, worker } = await start({ source });
    await store.transaction(publish(mail(1), mail(2)));
    await worker.caughtUp();
    await sql.query("select setval($1::regclass, 1)", [`${pg.escapeIdentifier(schema)}.events_position_seq`]);
    await expect(store.transaction(publish(mail(3)))).rejects.toMatchObject({ code: "SEQUENCE_BEHIND" });
    expect(await store.verify()).toMatchObject({ ok: false, problems: [{ kind: "sequence", position: 2 }] });
    expect((await store.doctor()).map(({ code }) => code)).toContain("sequence-behind");
    await sql.query("select setval($1::regclass, 2)", [`${pg.escapeIdentifier(schema)}.events_position_seq`]);
    await store.transaction(publish(mail(3)));
    await worker.caughtUp();
    expect(broker.stored.map(textOf)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
  });

  test("cannot be published by an inline projection", async ({ openStore }) => {
    const inline = defineProjection<{ type: string; data: unknown }>({
      name: "inline",
      mode: "inline",
      handles: ["ItemAdded"],
      handle: async (_event, tx) => void (await tx.publish(mail(1))),
    });
    const store = await openStore({ projections: [inline] });
    await expect(store.appendToStream("order-1", [itemAdded()])).rejects.toThrow(/may neither append, nor publish/);
  });
});

describe("messages with one key", () => {
  test("of transactions side by side are published in one order, and none is passed", async ({ store, start }) => {
    const { broker, worker } = await start({ source });
    await using first = await openTransaction(store, publish(mail(1)));
    await store.transaction(publish(mail(2)));
    await store.transaction(publish(mail(3, "customer-2")));
    // The relay has looked, and may not read beyond the open one.
    const before = await store.outbox.list();
    expect(before.map(({ payload, state }) => [payload, state])).toEqual([
      [{ n: 2 }, "pending"],
      [{ n: 3 }, "pending"],
    ]);
    await worker.caughtUp();
    expect(broker.stored).toEqual([]);
    await first.commit();
    await worker.caughtUp();
    expect(broker.stored.map(textOf).toSorted()).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
    expect(broker.stored.filter(({ key }) => key === "customer-1").map(textOf)).toEqual(['{"n":1}', '{"n":2}']);
  });

  test("do not wait for transactions that publish and append nothing", async ({ store, start, sql, schema }) => {
    const { broker, worker } = await start({ source });
    const client = await sql.connect();
    try {
      await client.query("begin isolation level repeatable read");
      await client.query(`select from ${pg.escapeIdentifier(schema)}.outbox`);
      await client.query(`create temporary table mine (n int) on commit drop`);
      await store.transaction(publish(mail(1)));
      await worker.caughtUp();
      expect(broker.stored.map(textOf)).toEqual(['{"n":1}']);
    } finally {
      await client.query("rollback");
      client.release();
    }
  });

  test("keep their order under load, with shards, and none is lost or doubled", async ({ store, start }) => {
    const keys = ["a", "b", "c", "d", "e"];
    const { broker, worker } = await start({ source, shards: 3, batchSize: 7 });
    await Promise.all(
      keys.map(async (key) => {
        for (let n = 1; n <= 30; n++) await store.transaction(publish(mail(n, key)));
      }),
    );
    await worker.caughtUp();
    expect(broker.stored).toHaveLength(150);
    for (const key of keys)
      expect(broker.stored.filter((message) => message.key === key).map(textOf)).toEqual(Array.from({ length: 30 }, (_, n) => `{"n":${n + 1}}`));
  });
});

test("messages are published from an embedded database", async () => {
  const store = await openEventStore({ logger: recordWarnings().logger });
  const broker = new MemoryBroker();
  const worker = store.createWorker({ relays: [defineRelay({ name: "out", source: "outbox", to: broker })] });
  try {
    await worker.start();
    await store.transaction(publish(mail(1), mail(2)));
    await eventually(() => expect(broker.stored.map(textOf)).toEqual(['{"n":1}', '{"n":2}']));
  } finally {
    await worker.stop();
    await store.close();
  }
});
