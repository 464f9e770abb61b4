import type { EventStore } from "../../src/index.ts";
import { describe, expect } from "../support/test.ts";
import { drivers } from "./drivers.ts";

async function append(store: EventStore, streamId: string, type = "Happened"): Promise<number> {
  return (await store.appendToStream(streamId, [{ type, data: { streamId } }])).position;
}

/** The next `count` events of an iteration that goes on. */
async function take<T>(events: AsyncIterator<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  while (taken.length < count) {
    const { value, done } = await events.next();
    if (done) throw new Error(`ended after ${taken.length} of ${count}`);
    taken.push(value);
  }
  return taken;
}

describe.each(drivers)("a subscription on $driver", ({ test }) => {
  test("brings what is there, says that it has caught up, then brings what is appended", async ({ open }) => {
    const store = await open();
    await append(store, "a-1");
    const caughtUp = Promise.withResolvers<number>();
    const events = store.subscribe({ onCaughtUp: caughtUp.resolve })[Symbol.asyncIterator]();
    const [first] = await take(events, 1);
    const second = events.next();
    expect(await caughtUp.promise).toBe(first?.position);
    await store.appendToStream("b-1", [{ type: "Noted", data: { n: 1 }, tags: ["x:1"], metadata: { actorId: "me" } }]);
    expect((await second).value).toEqual(
      await store
        .readStream("b-1")
        .toArray()
        .then(([event]) => event),
    );
    await events.return?.();
  });

  test("brings what was recorded from a time on, of streams with a prefix, from the log and as it is appended", async ({ open }) => {
    let clock = new Date("2026-01-01");
    const store = await open({ now: () => clock });
    await append(store, "cart-1");
    clock = new Date("2026-01-03");
    await append(store, "order-1");
    await append(store, "cart-2");
    const caughtUp = Promise.withResolvers<number>();
    const events = store.subscribe({ prefix: "cart-", since: new Date("2026-01-02"), onCaughtUp: caughtUp.resolve })[Symbol.asyncIterator]();
    const found = await take(events, 1);
    const next = events.next();
    await caughtUp.promise;
    await append(store, "order-2");
    clock = new Date("2026-01-01");
    await append(store, "cart-3");
    clock = new Date("2026-01-02");
    await append(store, "cart-4");
    found.push((await next).value);
    expect(found.map(({ streamId }) => streamId)).toEqual(["cart-2", "cart-4"]);
    await events.return?.();
  });

  test("waits above a position that the log never reaches", async ({ open }) => {
    const store = await open();
    await append(store, "a-1");
    const stop = new AbortController();
    const caughtUp = Promise.withResolvers<number>();
    const next = store.subscribe({ after: Number.MAX_SAFE_INTEGER, signal: stop.signal, onCaughtUp: caughtUp.resolve })[Symbol.asyncIterator]().next();
    await Promise.race([caughtUp.promise, next]);
    stop.abort("enough");
    await expect(next).rejects.toBe("enough");
  });

  test("starts above a position, or at the end", async ({ open }) => {
    const store = await open();
    const [, second] = [await append(store, "a"), await append(store, "a"), await append(store, "a")];
    const above = store.subscribe({ after: second })[Symbol.asyncIterator]();
    expect((await take(above, 1)).map(({ version }) => version)).toEqual([3]);
    const caughtUp = Promise.withResolvers<number>();
    const atEnd = store.subscribe({ after: "end", onCaughtUp: caughtUp.resolve })[Symbol.asyncIterator]();
    const next = atEnd.next();
    await caughtUp.promise;
    await append(store, "a");
    expect((await next).value.version).toBe(4);
    await Promise.all([above.return?.(), atEnd.return?.()]);
  });

  test("brings only what matches, of its own tenant unless all are asked for", async ({ open }) => {
    const store = await open();
    const acme = store.forTenant("acme");
    const own = store.subscribe({ filter: { types: ["Wanted"] } })[Symbol.asyncIterator]();
    const theirs = acme.subscribe({ filter: { types: ["Wanted"] } })[Symbol.asyncIterator]();
    const all = store.subscribe({ filter: [{ types: ["Wanted"] }, { categories: ["c"] }], tenants: "all" })[Symbol.asyncIterator]();
    const write = async (): Promise<void> => {
      await append(store, "a-1", "Wanted");
      await append(store, "b-1", "Unwanted");
      await append(acme, "a-2", "Wanted");
      await append(acme, "c-2", "Unwanted");
    };
    await write();
    const streams = async (events: AsyncIterator<{ streamId: string }>, count: number): Promise<string[]> =>
      (await take(events, count)).map(({ streamId }) => streamId);
    expect(await streams(own, 1)).toEqual(["a-1"]);
    expect(await streams(theirs, 1)).toEqual(["a-2"]);
    expect(await streams(all, 3)).toEqual(["a-1", "a-2", "c-2"]);
    await write();
    expect(await streams(own, 1)).toEqual(["a-1"]);
    expect(await streams(theirs, 1)).toEqual(["a-2"]);
    expect(await streams(all, 3)).toEqual(["a-1", "a-2", "c-2"]);
    await Promise.all([own.return?.(), theirs.return?.(), all.return?.()]);
  });

  test("hears of what a transaction of the store's appended", async ({ open }) => {
    const store = await open();
    const events = store.subscribe()[Symbol.asyncIterator]();
    const next = events.next();
    await store.transaction(async (tx) => {
      await tx.appendToStream("a", [{ type: "Happened", data: {} }]);
    });
    expect((await next).value.streamId).toBe("a");
    await events.return?.();
  });

  test("comes in batches of at most the size asked for", async ({ open }) => {
    const store = await open();
    for (let n = 0; n < 5; n++) await append(store, "a");
    const batches = store.subscribe().batches(2)[Symbol.asyncIterator]();
    const sizes = (await take(batches, 3)).map((batch) => batch.length);
    expect(sizes).toEqual([2, 2, 1]);
    const next = batches.next();
    await append(store, "a");
    expect((await next).value.length).toBe(1);
    await batches.return?.();
    expect(() => store.subscribe().batches(0)).toThrow("size");
  });

  test("is left by break, also while it waits for an event that never comes", async ({ open }) => {
    const store = await open();
    await append(store, "a");
    for await (const event of store.subscribe()) {
      expect(event.version).toBe(1);
      break;
    }
    const waiting = store.subscribe({ after: "end" })[Symbol.asyncIterator]();
    const next = waiting.next();
    await waiting.return?.();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  test("rejects with the signal's reason, while it waits and between two events", async ({ open }) => {
    const store = await open();
    await append(store, "a");
    await append(store, "a");
    const waiting = new AbortController();
    const next = store.subscribe({ after: "end", signal: waiting.signal })[Symbol.asyncIterator]().next();
    waiting.abort(new Error("enough"));
    await expect(next).rejects.toThrow("enough");
    const between = new AbortController();
    const seen: number[] = [];
    const reading = (async () => {
      for await (const { version } of store.subscribe({ signal: between.signal })) {
        seen.push(version);
        between.abort(new Error("one is enough"));
      }
    })();
    await expect(reading).rejects.toThrow("one is enough");
    expect(seen).toEqual([1]);
    const never = store.subscribe({ signal: AbortSignal.abort(new Error("never")) })[Symbol.asyncIterator]();
    await expect(never.next()).rejects.toThrow("never");
  });

  test("ends when the store closes, and is refused by a closed store", async ({ open }) => {
    const store = await open();
    await append(store, "a");
    const seen: number[] = [];
    const caughtUp = Promise.withResolvers<number>();
    const reading = (async () => {
      for await (const { version } of store.subscribe({ onCaughtUp: caughtUp.resolve })) seen.push(version);
    })();
    await caughtUp.promise;
    await store.close();
    await reading;
    expect(seen).toEqual([1]);
    await expect(store.subscribe()[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "STORE_CLOSED" });
  });

  test("passes on what onCaughtUp throws", async ({ open }) => {
    const store = await open();
    const failing = (): never => {
      throw new Error("mine");
    };
    await expect(store.subscribe({ onCaughtUp: failing })[Symbol.asyncIterator]().next()).rejects.toThrow("mine");
  });

  test("refuses options that mean nothing, at the call", async ({ open }) => {
    const store = await open();
    expect(() => store.subscribe({ after: -1 })).toThrow("options.after");
    // @ts-expect-error -- a caller without types
    expect(() => store.subscribe({ after: "and" })).toThrow('must be "end", not "and"');
    // @ts-expect-error -- a caller without types
    expect(() => store.subscribe({ form: 1 })).toThrow("is not an option");
  });
});
