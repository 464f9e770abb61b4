import { append, describe, eventually, expect, inOrder, MemoryBroker, test } from "./test.ts";
import type { OutgoingMessage } from "tidemark";

function refusing(...streams: readonly string[]): MemoryBroker {
  const broker = new MemoryBroker();
  broker.refuses = ({ event }: OutgoingMessage) => streams.includes(event.streamId) && event.version === 2;
  return broker;
}

describe("a message that is refused", () => {
  test("is parked with its error, and later messages of its key behind it; other keys go on", async ({ store, start }) => {
    await append(store, ["cart-1", "cart-2"], 4);
    const { broker, worker, errors } = await start({ broker: refusing("cart-1") });
    await worker.caughtUp();
    await append(store, ["cart-1", "cart-2"]);
    await worker.caughtUp();
    expect(broker.stored.filter(({ key }) => key === "cart-1").map(({ event }) => event.version)).toEqual([1]);
    expect(broker.stored.filter(({ key }) => key === "cart-2").map(({ event }) => event.version)).toEqual([1, 2, 3, 4, 5]);
    const letters = await store.deadLetters.list({ consumer: "out", kind: "relay" });
    expect(letters.map(({ event, state }) => [event.version, state])).toEqual([
      [2, "failed"],
      [3, "parked"],
      [4, "parked"],
      [5, "parked"],
    ]);
    expect(letters[0]?.error).toMatchObject({ code: "MESSAGE_REFUSED", message: expect.stringContaining("not this one") });
    expect(errors).toMatchObject([{ code: "HANDLER_FAILED", consumer: "out", position: letters[0]?.position }]);
    expect(await store.relays.get("out")).toMatchObject({ deadLetters: 4, lag: { events: 0 } });
    const health = await store.health();
    expect(health.checks.find(({ name }) => name === "dead letters of out")).toMatchObject({ status: "degraded", value: 4 });
    await expect(worker.caughtUp({ onDeadLetter: "reject" })).rejects.toMatchObject({ code: "HANDLER_FAILED", consumer: "out" });
  });

  test("is published by a retry, and those behind it follow in order", async ({ store, start }) => {
    await append(store, ["cart-1"], 4);
    const { broker, worker } = await start({ broker: refusing("cart-1") });
    await worker.caughtUp();
    const [letter] = await store.deadLetters.list({ kind: "relay" });
    if (!letter) throw new Error("there is no letter");
    // Still refused: it stays.
    await store.deadLetters.retry(letter);
    await worker.caughtUp();
    expect(await store.deadLetters.get(letter)).toMatchObject({ state: "failed", attempts: 2, retryRequested: false });
    broker.refuses = () => false;
    await store.deadLetters.retry(letter);
    await worker.caughtUp();
    await eventually(async () => expect(await store.deadLetters.list({ kind: "relay" })).toEqual([]));
    await append(store, ["cart-1"]);
    await worker.caughtUp();
    expect(broker.stored.map(({ event }) => event.version)).toEqual([1, 2, 3, 4, 5]);
    expect(await store.deadLetters.history()).toMatchObject(Array.from({ length: 3 }, () => ({ consumer: "out", kind: "relay", outcome: "handled" })));
  });

  test("is passed over by a discard, and those behind it are published", async ({ store, start }) => {
    await append(store, ["cart-1"], 3);
    const { broker, worker } = await start({ broker: refusing("cart-1") });
    await worker.caughtUp();
    const [letter] = await store.deadLetters.list({ kind: "relay" });
    if (!letter) throw new Error("there is no letter");
    await store.deadLetters.discard(letter);
    await eventually(async () => expect(await store.deadLetters.list({ kind: "relay" })).toEqual([]));
    await append(store, ["cart-1"]);
    await worker.caughtUp();
    expect(broker.stored.map(({ event }) => event.version)).toEqual([1, 3, 4]);
  });

  test("holds up the key that the relay names, over streams", async ({ store, start }) => {
    await append(store, ["cart-1", "cart-2", "cart-3"], 3);
    const { broker, worker } = await start({ broker: refusing("cart-1"), key: ({ streamId }) => (streamId === "cart-3" ? "c" : "ab") });
    await worker.caughtUp();
    expect(broker.positions("c")).toHaveLength(3);
    // The first of each stream, and cart-2's second stands behind cart-1's.
    expect(broker.positions("ab")).toHaveLength(2);
    broker.refuses = () => false;
    const [letter] = await store.deadLetters.list({ kind: "relay" });
    if (!letter) throw new Error("there is no letter");
    await store.deadLetters.retry(letter);
    await eventually(() => expect(broker.positions("ab")).toHaveLength(6));
    expect(inOrder(broker.positions("ab"))).toBe(true);
  });

  test("waits for a worker that comes later, with all that is behind it", async ({ store, start }) => {
    await append(store, ["cart-1"], 3);
    const first = await start({ broker: refusing("cart-1"), shards: 3 });
    await first.worker.caughtUp();
    await first.worker.stop();
    await append(store, ["cart-1", "cart-2"]);
    const second = await start({ shards: 3 });
    await second.worker.caughtUp();
    expect(second.broker.stored.map(({ key }) => key)).toEqual(["cart-2"]);
    const [letter] = await store.deadLetters.list({ kind: "relay" });
    if (!letter) throw new Error("there is no letter");
    await store.deadLetters.retry(letter);
    await eventually(() => expect(second.broker.stored.filter(({ key }) => key === "cart-1").map(({ event }) => event.version)).toEqual([2, 3, 4]));
  });

  test("is one that map or key throws for, too", async ({ store, start }) => {
    await append(store, ["cart-1", "cart-2", "cart-3"]);
    const { broker, worker } = await start({
      map: ({ streamId, data }) => {
        if (streamId === "cart-1") throw new Error("no map");
        return { body: data };
      },
      key: ({ streamId }) => {
        if (streamId === "cart-2") throw new Error("no key");
        return streamId;
      },
      shards: 2,
    });
    await worker.caughtUp();
    expect(broker.stored.map(({ key }) => key)).toEqual(["cart-3"]);
    const letters = await store.deadLetters.list({ kind: "relay" });
    expect(letters.map(({ error }) => error?.message)).toEqual(["no map", "no key"]);
  });
});

test("headers that differ only in upper and lower case refuse their message, whatever the sink would make of them", async ({ store, start }) => {
  await append(store, ["cart-1", "cart-2", "cart-3"]);
  const headersOf: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    "cart-1": { "X-Kind": "stock", "x-kind": "stock" },
    "cart-2": { "Content-Type": "text/plain" },
    "cart-3": { "X-Kind": "stock" },
  };
  const { broker, worker } = await start({ map: ({ streamId }) => ({ body: streamId, headers: headersOf[streamId] ?? {} }) });
  await worker.caughtUp();
  expect(broker.stored.map(({ key, headers }) => [key, headers["x-kind"]])).toEqual([["cart-3", "stock"]]);
  const letters = await store.deadLetters.list({ kind: "relay" });
  expect(letters.map(({ error }) => error)).toMatchObject([
    { code: "INVALID_ARGUMENT", message: expect.stringContaining('holds "x-kind" in two spellings') },
    { code: "INVALID_ARGUMENT", message: expect.stringContaining('holds "Content-Type": the relay sends it') },
  ]);
});

describe("a broker that refuses everything", () => {
  test("gets some messages parked, and then holds the relay", async ({ store, start }) => {
    await append(
      store,
      Array.from({ length: 20 }, (_, n) => `cart-${n}`),
    );
    const broker = new MemoryBroker();
    broker.refuses = () => true;
    const { worker } = await start({ broker, circuitBreaker: 3, inFlight: 1 });
    await eventually(async () => expect(await store.relays.get("out")).toMatchObject({ state: "retrying", deadLetters: 3 }));
    broker.refuses = () => false;
    await worker.caughtUp();
    expect(broker.stored).toHaveLength(17);
    expect((await store.relays.get("out")).deadLetters).toBe(3);
  });
});
