import { DestinationUnavailableError } from "tidemark";
import { append, describe, eventually, expect, inOrder, MemoryBroker, test } from "./test.ts";

const streams = Array.from({ length: 10 }, (_, n) => `cart-${n}`);

describe("while the sink takes nothing", () => {
  test("a relay holds, says so, and goes on by itself; nothing that was acknowledged is sent again", async ({ store, start }) => {
    await append(store, streams, 3);
    const broker = new MemoryBroker();
    broker.arrives = () => {
      if (broker.stored.length < 12) return;
      broker.down = true;
      throw new Error("the broker is down");
    };
    const { worker, errors } = await start({ broker });
    await eventually(async () => expect(await store.relays.get("out")).toMatchObject({ state: "retrying" }));
    const { shards } = await store.relays.get("out");
    expect(shards[0]?.lastError).toMatchObject({ code: "SINK_UNAVAILABLE", message: expect.stringContaining("the broker is down") });
    const unavailable = errors.filter(({ code }) => code === "SINK_UNAVAILABLE");
    expect(unavailable).toHaveLength(1);
    expect(unavailable[0]).toMatchObject({ relay: "out", sink: "memory", retryable: true });
    // The checkpoint stands right before the first that was not acknowledged.
    const stored = new Set(broker.positions());
    const all = (await store.readAll().toArray()).map(({ position }) => position);
    const firstOpen = all.find((position) => !stored.has(position)) ?? 0;
    await eventually(async () => {
      const [shard] = (await store.relays.get("out")).shards;
      expect(all.filter((position) => position > (shard?.position ?? 0))[0]).toBe(firstOpen);
    });
    const health = await store.health({ maxLag: { out: 0 } });
    expect(health.checks.find(({ name }) => name === "lag of out")).toMatchObject({ status: "failing", advice: expect.stringContaining("down") });
    expect(store.metrics().relays).toMatchObject([{ name: "out", shards: [{ state: "retrying" }] }]);
    broker.arrives = () => {};
    broker.down = false;
    await worker.caughtUp();
    expect(broker.positions().toSorted((a, b) => a - b)).toEqual(all);
    for (const stream of streams) expect(inOrder(broker.positions(stream))).toBe(true);
    expect(errors.filter(({ code }) => code === "SINK_UNAVAILABLE")).toHaveLength(1);
    await eventually(async () => expect((await store.relays.get("out")).state).toBe("live"));
  });

  test("it makes no more messages than are in flight, whatever is appended meanwhile", async ({ store, start }) => {
    const broker = new MemoryBroker();
    broker.down = true;
    let made = 0;
    const different = new Set<number>();
    const map = ({ data, position }: { readonly data: unknown; readonly position: number }): { readonly body: unknown } => {
      made++;
      different.add(position);
      return { body: data };
    };
    const { worker } = await start({ broker, inFlight: 5, batchSize: 50, map });
    await append(store, streams, 30);
    await eventually(() => expect(broker.asked).toBeGreaterThan(20));
    // A try makes what is in flight; the batch's first makes as many, and each later one probes with a single message.
    expect(made).toBeLessThanOrEqual(broker.asked + 5);
    // Of the first batch alone, however long it takes: the broker is asked again and again meanwhile.
    expect(different.size).toBeLessThan(50);
    broker.down = false;
    await worker.caughtUp();
    expect(broker.stored).toHaveLength(300);
  });

  test("an acknowledgement that never comes is an outage after ackTimeoutMs", async ({ store, start }) => {
    await append(store, ["cart-1"]);
    const broker = new MemoryBroker();
    const never = new Promise<void>(() => {});
    broker.acknowledges = () => (broker.stored.length === 1 ? never : undefined);
    const { worker, errors } = await start({ broker, ackTimeoutMs: 50 });
    await worker.caughtUp();
    // What was not acknowledged is sent again, under its id.
    expect(new Set(broker.stored.map(({ id }) => id)).size).toBe(1);
    expect(broker.stored).toHaveLength(2);
    expect(errors).toMatchObject([{ code: "SINK_UNAVAILABLE", message: expect.stringContaining("acknowledged nothing for 50 ms") }]);
  });

  test("it can be paused, and sends nothing until it is resumed", async ({ store, start }) => {
    const { broker, worker } = await start();
    await store.relays.pause("out", { reason: "the broker is being replaced", by: "ada" });
    await append(store, streams);
    expect(await store.relays.get("out")).toMatchObject({ paused: true, pause: { reason: "the broker is being replaced", by: "ada" } });
    await eventually(async () => expect((await store.relays.get("out")).state).toBe("paused"));
    expect(broker.asked).toBe(0);
    await store.relays.resume("out");
    await worker.caughtUp();
    expect(broker.stored).toHaveLength(10);
  });
});

describe("one destination of several that is away", () => {
  test("is tried as often as retry says, and then its key is parked; others go on", async ({ store, start }) => {
    await append(store, ["cart-1", "cart-2"], 2);
    const broker = new MemoryBroker();
    let tries = 0;
    broker.arrives = ({ key }) => {
      if (key !== "cart-1") return;
      tries++;
      throw new DestinationUnavailableError({ sink: "memory", destination: "one" }, "it sleeps");
    };
    const { worker } = await start({ broker, retry: { attempts: 3, minDelayMs: 1, maxDelayMs: 2 } });
    await worker.caughtUp();
    expect(tries).toBe(3);
    expect(broker.positions("cart-2")).toHaveLength(2);
    expect(await store.deadLetters.list({ kind: "relay" })).toMatchObject([
      { consumer: "out", kind: "relay", state: "failed", attempts: 3, error: { code: "DESTINATION_UNAVAILABLE" } },
      { consumer: "out", kind: "relay", state: "parked", attempts: 0 },
    ]);
  });

  test("is parked at once if it asks to wait for longer than a retry may", async ({ store, start }) => {
    await append(store, ["cart-1"]);
    const broker = new MemoryBroker();
    let tries = 0;
    broker.arrives = () => {
      tries++;
      throw new DestinationUnavailableError({ sink: "memory", destination: "one", retryAfterMs: 3_600_000 }, "it asks to wait");
    };
    const { worker } = await start({ broker, retry: { attempts: 3, minDelayMs: 1, maxDelayMs: 2 } });
    await worker.caughtUp();
    expect(tries).toBe(1);
    expect(await store.deadLetters.list({ kind: "relay" })).toHaveLength(1);
  });
});
