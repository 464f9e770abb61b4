import { CloudEvent } from "cloudevents";
import { asBigInt, cloudEvents, debeziumOutbox, defineEvents, defineRelay, type OutgoingMessage } from "tidemark";
import { z } from "zod";
import { append, describe, eventually, expect, inOrder, MemoryBroker, test } from "./test.ts";

function bodyOf(message: OutgoingMessage | undefined): unknown {
  return JSON.parse(Buffer.from(message?.body ?? []).toString());
}

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

describe("a relay", () => {
  test("publishes every event once, in order for each stream, and goes on with what is appended later", async ({ store, start }) => {
    const streams = Array.from({ length: 20 }, (_, n) => `cart-${n}`);
    await append(store, streams, 5);
    const { broker, worker } = await start();
    await worker.caughtUp();
    await append(store, streams, 2);
    await worker.caughtUp();
    const all = await store.readAll().toArray();
    expect(broker.positions().toSorted((a, b) => a - b)).toEqual(all.map(({ position }) => position));
    for (const stream of streams) expect(inOrder(broker.positions(stream))).toBe(true);
    expect(await store.relays.get("out")).toMatchObject({ name: "out", state: "live", deadLetters: 0, lag: { events: 0 } });
    expect((await store.relays.list()).map(({ name }) => name)).toEqual(["out"]);
    expect(await store.consumers.list()).toEqual([]);
    await store.waitFor("out", all.at(-1)?.position ?? 0, { timeoutMs: 60_000 });
  });

  test("makes CloudEvents, with what a receiver needs in the headers", async ({ store, start }) => {
    const metadata = { correlationId: "c-1", traceparent, tracestate: "vendor=1" };
    await store.appendToStream("cart-1", [{ type: "ItemAdded", data: { sku: "tea" }, metadata, tags: ["sku:tea"] }]);
    const { broker, worker } = await start({ map: cloudEvents({ source: "https://shop.example/events" }) });
    await worker.caughtUp();
    const [message] = broker.stored;
    const [{ id, position, recordedAt } = { id: "", position: 0, recordedAt: new Date() }] = await store.readAll().toArray();
    const body = bodyOf(message);
    expect(body).toEqual({
      specversion: "1.0",
      id,
      source: "https://shop.example/events",
      type: "ItemAdded",
      subject: "cart-1",
      time: recordedAt.toISOString(),
      datacontenttype: "application/json",
      schemaversion: 1,
      tidemarkversion: "1",
      tidemarkposition: `${position}`,
      partitionkey: "cart-1",
      tidemarktags: '["sku:tea"]',
      correlationid: "c-1",
      traceparent,
      data: { sku: "tea" },
    });
    expect(new CloudEvent(Object(body)).validate()).toBe(true);
    expect(message).toMatchObject({
      id,
      key: "cart-1",
      contentType: "application/cloudevents+json; charset=utf-8",
      headers: {
        "tidemark-event-id": id,
        "tidemark-position": `${position}`,
        "tidemark-schema-version": "1",
        "tidemark-fence": "1",
        traceparent,
        tracestate: "vendor=1",
      },
    });
  });

  test("makes messages as Debezium's outbox router does", async ({ store, start }) => {
    await append(store, ["cart-1"]);
    const { broker, worker } = await start({ map: debeziumOutbox() });
    await worker.caughtUp();
    const [message] = broker.stored;
    expect(bodyOf(message)).toEqual({ sku: "tea", n: 1 });
    expect(message).toMatchObject({ key: "cart-1", headers: { id: message?.event.id, eventtype: "ItemAdded", aggregatetype: "cart" } });
  });

  test("takes what map returns: strings and bytes as they are, anything else as JSON, and null for nothing", async ({ store, start }) => {
    await append(store, ["cart-1"], 4);
    const bodies = [{ body: "text", contentType: "text/plain" }, { body: Uint8Array.of(1, 2, 255) }, null, { body: [1], headers: { "X-Kind": "stock" } }];
    let at = 0;
    const { broker, worker } = await start({ map: async () => bodies[at++] ?? null });
    await worker.caughtUp();
    expect(broker.stored.map(({ body, contentType }) => [Buffer.from(body).toString("latin1"), contentType])).toEqual([
      ["text", "text/plain"],
      ["\u0001\u0002\u00ff", "application/json"],
      ["[1]", "application/json"],
    ]);
    expect(broker.stored[2]?.headers["x-kind"]).toBe("stock");
  });

  test("publishes data as the log stores it, and gives map the types of the catalogue", async ({ openStore, start }) => {
    const events = defineEvents({ Paid: { schema: z.object({ cents: z.bigint() }), stored: { cents: asBigInt } } });
    const store = await openStore({ events });
    await store.appendToStream("payment-1", [{ type: "Paid", data: { cents: 9_007_199_254_740_993n } }]);
    const seen: unknown[] = [];
    const { broker, worker } = await start({
      on: store,
      events,
      map: async (recorded, { storedData }) => {
        seen.push(recorded.data);
        return { body: await storedData() };
      },
    });
    await worker.caughtUp();
    expect(seen).toEqual([{ cents: 9_007_199_254_740_993n }]);
    expect(bodyOf(broker.stored[0])).toEqual({ cents: "9007199254740993" });
  });

  test("leaves out what its filter leaves out, and begins where it is told", async ({ store, start }) => {
    await append(store, ["cart-1", "order-1"], 2);
    const all = await store.readAll().toArray();
    const { broker, worker } = await start({ filter: { categories: ["cart"] }, startFrom: { after: all[1]?.position ?? 0 } });
    await worker.caughtUp();
    expect(broker.positions()).toEqual([all[2]?.position]);
  });

  test("relays the events of every tenant if it is told to", async ({ store, start }) => {
    await append(store.forTenant("acme"), ["cart-1"]);
    await append(store, ["cart-1"]);
    const { broker, worker } = await start({ tenants: "all" });
    await worker.caughtUp();
    expect(broker.stored.map(({ event: { tenant } }) => tenant)).toEqual(["acme", ""]);
    expect(bodyOf(broker.stored[0])).toMatchObject({ source: "urn:tidemark#acme", tidemarktenant: "acme" });
  });
});

describe("messages in flight", () => {
  test("are many at once, but one of a key; no more than inFlight", async ({ store, start }) => {
    await append(store, ["cart-1", "cart-2", "cart-3", "cart-4", "cart-5"], 4);
    const broker = new MemoryBroker();
    const now = new Map<string, number>();
    let most = 0;
    let together = 0;
    broker.arrives = async ({ key }) => {
      if (now.has(key)) together++;
      now.set(key, 1);
      most = Math.max(most, now.size);
      await new Promise((resolve) => setImmediate(resolve));
      now.delete(key);
    };
    const { worker } = await start({ broker, inFlight: 3 });
    await worker.caughtUp();
    expect([most, together]).toEqual([3, 0]);
    expect(broker.stored).toHaveLength(20);
  });

  test("hold the checkpoint back until they are acknowledged", async ({ store, start }) => {
    await append(store, ["cart-1", "cart-2"]);
    const broker = new MemoryBroker();
    const held = Promise.withResolvers<void>();
    broker.acknowledges = ({ key }) => (key === "cart-2" ? held.promise : undefined);
    const { worker } = await start({ broker });
    await eventually(() => expect(broker.stored).toHaveLength(2));
    await store.relays.get("out").then(({ shards }) => expect(shards[0]?.position).toBe(0));
    held.resolve();
    await worker.caughtUp();
    expect((await store.relays.get("out")).shards[0]?.position).toBe(Math.max(...broker.positions()));
  });

  test("are in order for a key of the relay's own, in one shard of several", async ({ store, start }) => {
    const streams = Array.from({ length: 12 }, (_, n) => `cart-${n}`);
    await append(store, streams, 5);
    const keyOf = ({ streamId }: { readonly streamId: string }): string => `customer ${Number(streamId.slice(5)) % 4}`;
    const { broker, worker } = await start({ key: keyOf, shards: 4 });
    await worker.caughtUp();
    expect(broker.stored).toHaveLength(60);
    const keys = new Set(broker.stored.map(({ key }) => key));
    expect(keys.size).toBe(4);
    for (const key of keys) expect(inOrder(broker.positions(key))).toBe(true);
  });

  test("are finished by a stop, and none of them is published again", async ({ store, start }) => {
    await append(
      store,
      Array.from({ length: 30 }, (_, n) => `cart-${n}`),
    );
    const broker = new MemoryBroker();
    const begun = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    broker.acknowledges = () => {
      begun.resolve();
      return held.promise;
    };
    const first = await start({ broker, batchSize: 10 });
    await begun.promise;
    const stopped = first.worker.stop();
    held.resolve();
    await stopped;
    expect(broker.closed).toBeGreaterThan(0);
    const second = await start({ broker });
    await second.worker.caughtUp();
    expect(broker.stored).toHaveLength(30);
  });
});

test("relays work on an embedded database", async () => {
  const { openEventStore } = await import("tidemark");
  const store = await openEventStore({ logger: { debug() {}, info() {}, warn() {}, error() {} } });
  try {
    await append(store, ["cart-1", "cart-2"], 3);
    const broker = new MemoryBroker();
    broker.refuses = ({ event: { streamId } }) => streamId === "cart-2";
    const worker = store.createWorker({ relays: [defineRelay({ name: "out", to: broker })], onError: () => {} });
    await worker.start();
    await worker.caughtUp();
    expect(broker.stored).toHaveLength(3);
    expect(await store.deadLetters.list()).toHaveLength(3);
  } finally {
    await store.close();
  }
});
