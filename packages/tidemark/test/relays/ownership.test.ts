import pg from "pg";
import { defineRelay, type OutgoingMessage } from "tidemark";
import { takeOver } from "../runtime/take-over.ts";
import { gate } from "../support/gate.ts";
import { append, describe, eventually, expect, inOrder, MemoryBroker, test } from "./test.ts";

const streams = Array.from({ length: 6 }, (_, n) => `cart-${n}`);

describe("a relay whose worker is taken over", () => {
  test("repeats at most what was in flight, with a higher fence, and loses nothing", async ({ store, sql, schema, start }) => {
    await append(store, streams, 4);
    const broker = new MemoryBroker();
    const held = Promise.withResolvers<void>();
    broker.acknowledges = () => (broker.stored.length <= 9 ? undefined : held.promise);
    const first = await start({ broker, batchSize: 10 });
    await eventually(() => expect(broker.stored.length).toBeGreaterThan(9));
    const other = new MemoryBroker();
    const { second } = await takeOver(sql, schema, async () => ({
      second: await start({ broker: other, batchSize: 10 }),
      worker: { look: () => store.relays.resume("out") },
    }));
    // Before anything else: the first worker lives on, and may take the shard back.
    held.resolve();
    await second.worker.caughtUp();
    await first.worker.stop({ timeoutMs: 0 });
    const all = (await store.readAll().toArray()).map(({ position }) => position);
    expect(new Set([...broker.positions(), ...other.positions()])).toEqual(new Set(all));
    // Whoever had the shard again in between had it with another fence, the first worker perhaps before the second had published.
    const stored = [...broker.stored, ...other.stored];
    const fenceOf = ({ headers }: OutgoingMessage): number => Number(headers["tidemark-fence"]);
    const fences = [...new Set(stored.map(fenceOf))];
    expect(stored.length - all.length).toBeLessThanOrEqual(10 * (fences.length - 1));
    expect(fences.length).toBeGreaterThan(1);
    for (const repeated of other.stored) expect(fenceOf(repeated)).toBeGreaterThan(Math.min(...broker.stored.map(fenceOf)));
    for (const fence of fences) {
      for (const stream of streams) {
        const ofFence = stored.filter((message) => fenceOf(message) === fence && message.key === stream);
        expect([fence, stream, inOrder(ofFence.map(({ event }) => event.position))]).toEqual([fence, stream, true]);
      }
    }
    const at = pg.escapeIdentifier(schema);
    expect((await sql.query(`select from ${at}.consumers where kind = 'relay' and owner_name = 'out'`)).rowCount).toBe(1);
  });
});

describe("store.relays", () => {
  test("resets a relay to a position: what comes after is published again", async ({ store, start }) => {
    await append(store, ["cart-1"], 5);
    const { broker, worker } = await start();
    await worker.caughtUp();
    const positions = broker.positions();
    await store.relays.reset("out", { after: positions[2] ?? 0 });
    await worker.caughtUp();
    expect(broker.positions()).toEqual([...positions, ...positions.slice(3)]);
  });

  test("replays a part of the log beside the relay, whose checkpoint stays", async ({ store, start }) => {
    await append(store, ["cart-1", "order-1"], 5);
    const { broker, worker, relay } = await start();
    await worker.caughtUp();
    // In the log's order: keys are published beside each other, so that the broker may have stored them in another.
    const positions = broker.positions().toSorted((one, other) => one - other);
    const before = (await store.relays.get("out")).shards[0]?.position;
    const progress: number[] = [];
    const report = await store.relays.replay("out", {
      from: positions[2] ?? 0,
      until: positions[7] ?? 0,
      filter: { categories: ["cart"] },
      onProgress: ({ published }) => void progress.push(published),
    });
    expect(report).toMatchObject({ published: 3, refused: [] });
    expect(progress).toEqual([3]);
    const again = broker.stored.slice(10);
    expect(again.map(({ headers }) => [headers["tidemark-replay"], headers["tidemark-fence"]])).toEqual(again.map(() => ["true", undefined]));
    expect(again.map(({ event }) => event.position)).toEqual(positions.filter((_, at) => at >= 2 && at <= 7 && at % 2 === 0));
    expect((await store.relays.get("out")).shards[0]?.position).toBe(before);
    // By its definition, too; a message that is refused is told, and waited for is a broker that is away.
    broker.refuses = ({ event }) => event.version === 5;
    broker.down = true;
    const replaying = store.relays.replay(relay, { filter: { categories: ["cart"] } });
    await eventually(() => expect(broker.asked).toBeGreaterThan(15));
    broker.down = false;
    expect(await replaying).toMatchObject({ published: 4, refused: [{ message: expect.stringContaining("not this one") }] });
    await expect(store.relays.replay(relay, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  });

  test("replays past what has no key, and tells of it", async ({ store, start }) => {
    await append(store, ["cart-1", "cart-2"], 2);
    const { broker, worker, relay } = await start({
      key: ({ streamId, version }) => {
        if (streamId === "cart-1" && version === 1) throw new Error("no key");
        return streamId;
      },
    });
    await worker.stop();
    broker.stored.length = 0;
    expect(await store.relays.replay(relay)).toMatchObject({ published: 3, refused: [{ message: "no key" }] });
    expect(broker.stored.map(({ key, event }) => `${key} ${event.version}`).toSorted()).toEqual(["cart-1 2", "cart-2 1", "cart-2 2"]);
  });

  test("ends a replay by its signal, though map never settles", async ({ store }) => {
    await append(store, ["cart-1"]);
    const asked = gate();
    const map = (): Promise<never> => {
      asked.open();
      return new Promise(() => {});
    };
    const control = new AbortController();
    const replaying = store.relays.replay(defineRelay({ name: "stuck", to: new MemoryBroker(), map }), { signal: control.signal });
    await asked.opened;
    control.abort(new Error("enough"));
    await expect(replaying).rejects.toThrow("enough");
  });

  test("ends a replay that waits for its sink where the store is closed", async ({ openStore }) => {
    const store = await openStore();
    await append(store, ["cart-1"]);
    const broker = new MemoryBroker();
    broker.down = true;
    const replaying = store.relays.replay(defineRelay({ name: "waiting", to: broker, retry: { minDelayMs: 5, maxDelayMs: 20 } }));
    const ended = expect(replaying).rejects.toMatchObject({ code: "STORE_CLOSED" });
    await eventually(() => expect(broker.asked).toBeGreaterThan(1));
    await store.close();
    await ended;
  });

  test("tells of names that no relay has", async ({ store, start }) => {
    await start({ name: "orders-out" });
    await expect(store.relays.get("order-out")).rejects.toMatchObject({ code: "NOT_FOUND", message: expect.stringContaining('Did you mean "orders-out"?') });
    await expect(store.relays.pause("x")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(store.relays.resume("x")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(store.relays.reset("x", { after: 0 })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(store.relays.replay("order-out")).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining('did you mean "orders-out"?'),
    });
    await expect(store.deadLetters.get({ consumer: "orders-out", position: 1 })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
