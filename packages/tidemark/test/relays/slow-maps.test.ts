import type { RelayMap } from "tidemark";
import { append, describe, eventually, expect, inOrder, MemoryBroker, test } from "./test.ts";

const streams = ["cart-1", "cart-2", "cart-3"];
const never = new Promise<never>(() => {});
const quickly = { minDelayMs: 1, maxDelayMs: 2 };

/** A map that does not settle for the second event of cart-1 until it may. */
function hangingMap(until: Promise<void> = never): { readonly map: RelayMap; readonly calls: string[]; readonly signals: AbortSignal[] } {
  const [calls, signals]: [string[], AbortSignal[]] = [[], []];
  const map: RelayMap = async ({ streamId, version, data }, { signal }) => {
    calls.push(`${streamId} ${version}`);
    if (streamId === "cart-1" && version === 2) {
      signals.push(signal);
      await until;
    }
    return { body: data };
  };
  return { map, calls, signals };
}

describe("a map that does not settle", () => {
  test("is said with its position, in store.relays.get and in health; others are published meanwhile, and it goes on once it settles", async ({
    store,
    start,
  }) => {
    await append(store, streams, 4);
    const settles = Promise.withResolvers<void>();
    const { map, signals } = hangingMap(settles.promise);
    const { broker, worker } = await start({ map, mapTimeoutMs: 20, retry: { ...quickly, attempts: 1_000_000 } });
    const [, hanging] = await store.readStream("cart-1").toArray();
    const position = hanging?.position ?? 0;
    await eventually(async () => {
      expect(await store.relays.get("out")).toMatchObject({
        state: "retrying",
        shards: [
          {
            lastError: {
              code: "HANDLER_TIMEOUT",
              message: expect.stringContaining(`map of the relay "out" did not settle within 20 ms for the event at position ${position}`),
            },
            failingEvent: { position, streamId: "cart-1" },
          },
        ],
      });
    });
    const health = await store.health({ maxLag: { out: 0 } });
    expect(health.checks.find(({ name }) => name === "lag of out")).toMatchObject({
      status: "failing",
      advice: expect.stringMatching(
        new RegExp(`again and again: map of the relay "out" .* at position ${position}\\. Have it watch context\\.signal, or raise mapTimeoutMs\\.$`),
      ),
    });
    // All but the hanging one, and those behind it.
    expect(broker.positions("cart-1")).toHaveLength(1);
    for (const stream of ["cart-2", "cart-3"]) expect(broker.positions(stream)).toHaveLength(4);
    expect(signals[0]?.aborted).toBe(true);
    expect(signals[0]?.reason).toMatchObject({ code: "HANDLER_TIMEOUT", consumer: "out", position, timeoutMs: 20 });
    settles.resolve();
    await worker.caughtUp();
    expect(broker.stored).toHaveLength(12);
    for (const stream of streams) expect(inOrder(broker.positions(stream))).toBe(true);
    expect(await store.deadLetters.list({ kind: "relay" })).toEqual([]);
  });

  test("is tried as often as retry says, and then its event is parked; others go on, and a retry publishes it", async ({ store, start }) => {
    await append(store, streams, 3);
    const settles = Promise.withResolvers<void>();
    const { map, calls } = hangingMap(settles.promise);
    const { broker, worker, errors } = await start({ map, mapTimeoutMs: 20, retry: { ...quickly, attempts: 3 } });
    await worker.caughtUp();
    await append(store, streams);
    await worker.caughtUp();
    expect(broker.stored.map(({ event }) => `${event.streamId} ${event.version}`).filter((each) => each.startsWith("cart-1"))).toEqual(["cart-1 1"]);
    for (const stream of ["cart-2", "cart-3"]) expect(broker.positions(stream)).toHaveLength(4);
    const letters = await store.deadLetters.list({ kind: "relay" });
    expect(letters.map(({ event, state, attempts, error }) => [event.version, state, attempts, error?.code])).toEqual([
      [2, "failed", 3, "HANDLER_TIMEOUT"],
      [3, "parked", 0, undefined],
      [4, "parked", 0, undefined],
    ]);
    expect(errors).toMatchObject([{ code: "HANDLER_FAILED", consumer: "out", position: letters[0]?.position, cause: { code: "HANDLER_TIMEOUT" } }]);
    // Once with its batch, and then alone, whatever stood before it there.
    expect(calls.filter((call) => call === "cart-1 2")).toHaveLength(4);
    settles.resolve();
    if (letters[0]) await store.deadLetters.retry(letters[0]);
    await eventually(() => expect(broker.positions("cart-1")).toHaveLength(4));
    expect(inOrder(broker.positions("cart-1"))).toBe(true);
  });

  test("of one event after the other holds the relay instead of parking the log", async ({ store, start }) => {
    await append(store, streams, 2);
    const settles = Promise.withResolvers<void>();
    const calls = new Map<number, number>();
    const map: RelayMap = async ({ position, data }) => {
      calls.set(position, (calls.get(position) ?? 0) + 1);
      await settles.promise;
      return { body: data };
    };
    const { broker, worker } = await start({ map, mapTimeoutMs: 5, circuitBreaker: 1, inFlight: 1, retry: { ...quickly, attempts: 2 } });
    // Far more often than retry says.
    await eventually(() => expect(Math.max(...calls.values())).toBeGreaterThan(10));
    await eventually(async () => expect(await store.relays.get("out")).toMatchObject({ state: "retrying", deadLetters: 1 }));
    settles.resolve();
    await worker.caughtUp();
    expect(broker.positions("cart-2")).toHaveLength(2);
    expect(broker.positions("cart-3")).toHaveLength(2);
    expect(await store.deadLetters.list({ kind: "relay" })).toHaveLength(2);
  });

  test("ends no replay: its event is listed as refused, and the rest is published", async ({ store, start }) => {
    const broker = new MemoryBroker();
    const { map } = hangingMap();
    const { relay, worker } = await start({ broker, map, mapTimeoutMs: 20 });
    await worker.stop();
    await append(store, streams, 3);
    const report = await store.relays.replay(relay);
    expect(report.refused).toMatchObject([{ message: expect.stringContaining("did not settle within 20 ms") }]);
    expect(report.published).toBe(7);
    expect(broker.positions("cart-1")).toHaveLength(1);
  });
});
