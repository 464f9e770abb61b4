import { once } from "node:events";
import { isTidemarkError, type RecordedEvent } from "../../src/index.ts";
import { type CartEvent, confirmed, itemAdded } from "../support/cart.ts";
import { describe, expect } from "../support/test.ts";
import { drivers } from "./drivers.ts";

describe.for(drivers)("appending on $driver", ({ test }) => {
  test("gives versions without gaps and positions that rise", async ({ open }) => {
    const store = await open();
    const first = await store.appendToStream<CartEvent>("cart-1", [itemAdded(), itemAdded("mug")]);
    const second = await store.appendToStream<CartEvent>("cart-1", [confirmed]);
    expect(first).toMatchObject({ streamId: "cart-1", version: 2, created: true });
    expect(second).toMatchObject({ streamId: "cart-1", version: 3, created: false });
    expect(second.position).toBeGreaterThan(first.position);
    const events = await store.readStream("cart-1").toArray();
    expect(events.map(({ version }) => version)).toEqual([1, 2, 3]);
    expect(events.at(-1)?.position).toBe(second.position);
  });

  test("tells what it recorded, as it is read back, in a transaction too, and nothing of what was there already", async ({ open }) => {
    const store = await open();
    const told: (readonly RecordedEvent[])[] = [];
    const onRecorded = (events: readonly RecordedEvent[]): void => void told.push(events);
    const own = { ...itemAdded(), id: crypto.randomUUID() };
    await store.appendToStream("cart-1", [own, { ...itemAdded("mug"), tags: ["sku:mug"], metadata: { actorId: "ada" } }], { onRecorded });
    await store.appendToStreams(
      [
        { streamId: "cart-2", events: [itemAdded()] },
        { streamId: "cart-1", events: [] },
      ],
      { onRecorded },
    );
    await store.append([confirmed], { streamId: "cart-2", condition: { query: [{ tags: ["sku:tea"] }] }, onRecorded });
    await store.transaction((tx) => tx.appendToStream("cart-3", [confirmed], { onRecorded }));
    expect(told.flat()).toEqual(await store.readAll().toArray());
    expect(told.map(({ length }) => length)).toEqual([2, 1, 1, 1]);
    await store.appendToStream("cart-1", [own], { onRecorded });
    await store.appendToStream("cart-1", [], { expectedVersion: 2, onRecorded });
    expect(told).toHaveLength(4);
  });

  test("succeeds whatever onRecorded throws, which nobody else hears", async ({ open }) => {
    const store = await open();
    const listeners = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    const uncaught = once(process, "uncaughtException");
    const thrown = new Error("of the callback's own");
    const append = store.appendToStream("cart-1", [confirmed], {
      onRecorded: () => {
        throw thrown;
      },
    });
    expect(await append).toMatchObject({ version: 1 });
    expect((await uncaught)[0]).toBe(thrown);
    for (const listener of listeners) process.on("uncaughtException", listener);
  });

  const passing = [
    { stream: "absent", expected: "any" },
    { stream: "absent", expected: "no-stream" },
    { stream: "absent", expected: 0 },
    { stream: "absent", expected: { unchangedSince: 0 } },
    { stream: "two", expected: "any" },
    { stream: "two", expected: "stream-exists" },
    { stream: "two", expected: 2 },
  ] as const;
  test.for(passing)("$stream stream passes $expected", async ({ stream, expected }, { open }) => {
    const store = await open();
    await store.appendToStream("two", [itemAdded(), itemAdded()]);
    const { version } = await store.appendToStream(stream, [itemAdded()], { expectedVersion: expected });
    expect(version).toBe(stream === "two" ? 3 : 1);
  });

  const failing = [
    { stream: "absent", expected: "stream-exists", actual: 0 },
    { stream: "absent", expected: 1, actual: 0 },
    { stream: "two", expected: "no-stream", actual: 2 },
    { stream: "two", expected: 0, actual: 2 },
    { stream: "two", expected: 1, actual: 2 },
    { stream: "two", expected: 3, actual: 2 },
    { stream: "two", expected: { unchangedSince: 1 }, actual: 2 },
  ] as const;
  test.for(failing)("$stream stream refuses $expected, tells its version and writes nothing", async ({ stream, expected, actual }, { open }) => {
    const store = await open();
    await store.appendToStream("two", [itemAdded(), itemAdded()]);
    const append = store.appendToStream(stream, [itemAdded()], { expectedVersion: expected });
    await expect(append).rejects.toMatchObject({ code: "VERSION_CONFLICT", streamId: stream, expected, actual });
    expect((await store.streamInfo(stream)).version).toBe(actual);
  });

  test("{ unchangedSince } passes until something is written after that place", async ({ open }) => {
    const store = await open();
    const { position } = await store.appendToStream("cart-1", [itemAdded()]);
    await store.appendToStream("cart-2", [itemAdded()]);
    await store.appendToStream("cart-1", [itemAdded()], { expectedVersion: { unchangedSince: position } });
    await expect(store.appendToStream("cart-1", [itemAdded()], { expectedVersion: { unchangedSince: position } })).rejects.toMatchObject({ actual: 2 });
  });

  test("several streams are written together", async ({ open }) => {
    const store = await open();
    await store.appendToStream("account-2", [itemAdded()]);
    const results = await store.appendToStreams([
      { streamId: "account-2", events: [itemAdded()], expectedVersion: 1 },
      { streamId: "account-1", events: [itemAdded(), itemAdded()], expectedVersion: "no-stream" },
      { streamId: "limits-1", events: [], expectedVersion: 0 },
    ]);
    expect(results.map(({ streamId, version, created }) => ({ streamId, version, created }))).toEqual([
      { streamId: "account-2", version: 2, created: false },
      { streamId: "account-1", version: 2, created: true },
      { streamId: "limits-1", version: 0, created: false },
    ]);
    expect((await store.streamInfo("limits-1")).exists).toBe(false);
  });

  test("a conflict on several streams names each of them and writes none", async ({ open }) => {
    const store = await open();
    await store.appendToStream("a", [itemAdded()]);
    const append = store.appendToStreams([
      { streamId: "c", events: [itemAdded()] },
      { streamId: "b", events: [], expectedVersion: "stream-exists" },
      { streamId: "a", events: [itemAdded()], expectedVersion: 5 },
    ]);
    await expect(append).rejects.toMatchObject({
      code: "VERSION_CONFLICT",
      streamId: "b",
      conflicts: [
        { streamId: "b", expected: "stream-exists", actual: 0 },
        { streamId: "a", expected: 5, actual: 1 },
      ],
    });
    expect((await store.streamInfo("c")).exists).toBe(false);
  });

  test("a part without events answers with where its stream is, also behind an append of the same batch", async ({ open }) => {
    const store = await open();
    const [written, read] = await Promise.all([
      store.appendToStream("cart-1", [itemAdded(), itemAdded()]),
      store.appendToStream("cart-1", [], { expectedVersion: "stream-exists" }),
    ]);
    expect(read).toEqual({ streamId: "cart-1", version: 2, position: written.position, created: false });
  });

  test("each of many concurrent calls gets its own answer", async ({ open }) => {
    const store = await open();
    const calls = Array.from({ length: 300 }, (_, n) => store.appendToStream(`cart-${n % 30}`, [itemAdded()], n % 10 === 9 ? { expectedVersion: 1_000 } : {}));
    const outcomes = await Promise.allSettled(calls);
    for (const [n, outcome] of outcomes.entries()) {
      if (n % 10 === 9) expect(outcome.status === "rejected" && isTidemarkError(outcome.reason, "VERSION_CONFLICT")).toBe(true);
      else expect(outcome).toMatchObject({ status: "fulfilled", value: { streamId: `cart-${n % 30}`, version: Math.floor(n / 30) + 1 } });
    }
  });

  test("the same ids are written once, and return the first result", async ({ open }) => {
    const store = await open();
    const events = [
      { ...itemAdded(), id: crypto.randomUUID(), tags: ["cart:1"] },
      { ...confirmed, id: crypto.randomUUID() },
    ];
    const first = await store.appendToStream("cart-1", events, { expectedVersion: "no-stream" });
    await store.appendToStream("cart-1", [itemAdded()]);
    const again = await store.appendToStream(
      "cart-1",
      events.map((event) => ({ ...event, metadata: { traceparent: "another" } })),
      { expectedVersion: "no-stream" },
    );
    expect(again).toEqual(first);
    expect((await store.streamInfo("cart-1")).version).toBe(3);
  });

  test("ids with other content, in another stream or in part are refused", async ({ open }) => {
    const store = await open();
    const id = crypto.randomUUID();
    await store.appendToStream("cart-1", [{ ...itemAdded("tea"), id, tags: ["a"] }]);
    const tries = [
      store.appendToStream("cart-1", [{ ...itemAdded("mug"), id, tags: ["a"] }]),
      store.appendToStream("cart-1", [{ ...confirmed, id, tags: ["a"] }]),
      store.appendToStream("cart-1", [{ ...itemAdded("tea"), id, tags: ["b"] }]),
      store.appendToStream("cart-2", [{ ...itemAdded("tea"), id, tags: ["a"] }]),
      store.appendToStream("cart-1", [{ ...itemAdded("tea"), id, tags: ["a"] }, itemAdded()]),
    ];
    for (const outcome of await Promise.allSettled(tries))
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "DUPLICATE_EVENT", eventId: id } });
    expect(await store.readAll().toArray()).toHaveLength(1);
  });

  test("append names the stream after the first tag", async ({ open }) => {
    const store = await open();
    const { streamId } = await store.append([{ ...itemAdded(), tags: ["course:c1", "student:s1"] }]);
    expect(streamId).toBe("course-c1");
    expect((await store.append([itemAdded()], { streamId: "cart-1" })).streamId).toBe("cart-1");
    await expect(store.append([itemAdded()])).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  test("now and createId make times and ids", async ({ open }) => {
    const id = "0198c0de-0000-7000-8000-000000000001";
    const store = await open({ now: () => new Date("2020-02-29T12:34:56.789Z"), createId: () => id });
    await store.appendToStream("cart-1", [itemAdded()]);
    const event = await store.eventById(id);
    expect(event).toMatchObject({ id, recordedAt: new Date("2020-02-29T12:34:56.789Z") });
  });

  test("events cannot be changed or removed", async ({ open, schema }) => {
    const store = await open();
    await store.appendToStream("cart-1", [itemAdded()]);
    const table = `"${schema.replaceAll('"', '""')}".events`;
    for (const change of [`update ${table} set type = 'x'`, `delete from ${table}`, `truncate ${table}`]) {
      await expect(store.query(change)).rejects.toMatchObject({
        code: "DATABASE",
        sqlState: "TM004",
        message: expect.stringContaining("Append an event that corrects the earlier one"),
      });
    }
    expect(await store.readAll().toArray()).toHaveLength(1);
  });
});
