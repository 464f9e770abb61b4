import type { NewEvent, ReadAllOptions, RecordedEvent } from "../../src/index.ts";
import { type CartEvent, confirmed, itemAdded } from "../support/cart.ts";
import { describe, expect } from "../support/test.ts";
import { drivers } from "./drivers.ts";

/** What a careless codec would change. */
const awkward = {
  text: 'quotes " and \\ and \u001e and \u2028 and 𝄞 and \u0000'.replace("\u0000", ""),
  empty: "",
  numbers: [0, -1, 1.5, 1e21, 5e-324, Number.MAX_VALUE, Number.MAX_SAFE_INTEGER],
  nested: { deep: [{ null: null, true: true, "key with spaces": {} }] },
  "": "an empty key",
};

describe.for(drivers)("reading on $driver", ({ test }) => {
  test("an event comes back as it went in", async ({ open }) => {
    const store = await open();
    const written: NewEvent = {
      id: crypto.randomUUID(),
      type: "Awkward ünïcode",
      data: awkward,
      metadata: { correlationId: "c-1", own: { a: [1] } },
      tags: ["course:ç", "b"],
    };
    const before = Date.now();
    const { position } = await store.appendToStream("odd-id with / and 'quotes'", [written]);
    const [event] = await store.readStream("odd-id with / and 'quotes'").toArray();
    expect(event).toStrictEqual({
      ...written,
      streamId: "odd-id with / and 'quotes'",
      category: "odd",
      version: 1,
      position,
      recordedAt: expect.any(Date),
      schemaVersion: 1,
      tenant: "",
    });
    expect(Math.abs((event?.recordedAt.getTime() ?? 0) - before)).toBeLessThan(60_000);
  });

  test("an event without metadata and tags has empty ones", async ({ open }) => {
    const store = await open();
    await store.appendToStream("cart-1", [itemAdded()]);
    expect(await store.readStream("cart-1").toArray()).toMatchObject([{ metadata: {}, tags: [] }]);
  });

  test("a stream is read between versions, in both directions, up to a limit", async ({ open }) => {
    const store = await open();
    await store.appendToStream(
      "cart-1",
      Array.from({ length: 10 }, (_, n) => itemAdded(`sku-${n}`)),
    );
    const versions = async (options: Parameters<typeof store.readStream>[1]): Promise<number[]> =>
      (await store.readStream("cart-1", options).toArray()).map(({ version }) => version);
    expect(await versions({ fromVersion: 3, toVersion: 5 })).toEqual([3, 4, 5]);
    expect(await versions({ fromVersion: 3, toVersion: 5, direction: "backward" })).toEqual([5, 4, 3]);
    expect(await versions({ direction: "backward", limit: 2 })).toEqual([10, 9]);
    expect(await versions({ limit: 0 })).toEqual([]);
    expect(await versions({ fromVersion: 11 })).toEqual([]);
    expect(await store.readStream("absent").toArray()).toEqual([]);
  });

  test("a stream is read as it was at a time", async ({ open }) => {
    let clock = new Date("2026-01-01T00:00:00.000Z");
    const store = await open({ now: () => clock });
    await store.appendToStream("cart-1", [itemAdded()]);
    clock = new Date("2026-01-02T00:00:00.001Z");
    await store.appendToStream("cart-1", [confirmed]);
    const [, last] = await store.readStream("cart-1").toArray();
    expect(await store.readStream("cart-1", { asOf: new Date("2026-01-02T00:00:00.000Z") }).toArray()).toHaveLength(1);
    expect(await store.readStream("cart-1", { asOf: last?.recordedAt ?? new Date(0) }).toArray()).toHaveLength(2);
  });

  test("the whole log is read in order, filtered on the server", async ({ open }) => {
    const store = await open();
    await store.appendToStream("cart-1", [{ ...itemAdded("tea"), tags: ["vip", "eu"] }, confirmed]);
    await store.appendToStream("order-1", [{ type: "OrderPlaced", data: { total: 40, customer: { city: "Pisa" } }, tags: ["eu"] }]);
    await store.appendToStream("cart-2", [itemAdded("mug")]);
    const found = async (filter: Parameters<typeof store.readAll>[0]): Promise<string[]> =>
      (await store.readAll(filter).toArray()).map(({ streamId, type }) => `${streamId} ${type}`);
    expect(await found({})).toEqual(["cart-1 ItemAdded", "cart-1 CartConfirmed", "order-1 OrderPlaced", "cart-2 ItemAdded"]);
    expect(await found({ direction: "backward", limit: 2 })).toEqual(["cart-2 ItemAdded", "order-1 OrderPlaced"]);
    expect(await found({ filter: { types: ["ItemAdded", "OrderPlaced"] } })).toEqual(["cart-1 ItemAdded", "order-1 OrderPlaced", "cart-2 ItemAdded"]);
    expect(await found({ filter: { categories: ["order"] } })).toEqual(["order-1 OrderPlaced"]);
    expect(await found({ filter: { streamIds: ["cart-2", "absent"] } })).toEqual(["cart-2 ItemAdded"]);
    expect(await found({ filter: { tags: ["eu", "vip"] } })).toEqual(["cart-1 ItemAdded"]);
    expect(await found({ filter: { data: { customer: { city: "Pisa" } } } })).toEqual(["order-1 OrderPlaced"]);
    expect(await found({ filter: [{ types: ["CartConfirmed"] }, { tags: ["eu"], categories: ["order"] }] })).toEqual([
      "cart-1 CartConfirmed",
      "order-1 OrderPlaced",
    ]);
    const [, second, third] = await store.readAll().toArray();
    expect(await found({ after: second?.position ?? 0, until: third?.position ?? 0 })).toEqual(["order-1 OrderPlaced"]);
  });

  test("the log is read from a time on and of streams with a prefix, whatever the order of times", async ({ open }) => {
    const at = (day: number): Date => new Date(Date.UTC(2026, 0, day));
    let clock = at(1);
    const store = await open({ now: () => clock });
    // The fourth event is older than those before it, as after an import or a clock that was set back.
    for (const [streamId, day] of [
      ["cart-1", 1],
      ["order-1", 3],
      ["cart-2", 4],
      ["cart-3", 2],
      ["card-1", 5],
    ] as const) {
      clock = at(day);
      await store.appendToStream(streamId, [itemAdded()]);
    }
    const found = async (options: ReadAllOptions): Promise<string[]> => (await store.readAll(options).toArray()).map(({ streamId }) => streamId);
    expect(await found({ since: at(3) })).toEqual(["order-1", "cart-2", "card-1"]);
    expect(await found({ since: at(3), direction: "backward", limit: 2 })).toEqual(["card-1", "cart-2"]);
    expect(await found({ since: new Date(at(5).getTime() + 1) })).toEqual([]);
    expect(await found({ since: new Date(-8.64e15) })).toHaveLength(5);
    expect(await found({ since: new Date(8.64e15) })).toEqual([]);
    expect(await found({ prefix: "cart-" })).toEqual(["cart-1", "cart-2", "cart-3"]);
    expect(await found({ prefix: "car", since: at(3) })).toEqual(["cart-2", "card-1"]);
    expect(await found({ prefix: "ca%" })).toEqual([]);
    expect(await found({ prefix: "" })).toHaveLength(5);
    expect(await found({ prefix: "cart", filter: [{ types: ["ItemAdded"], since: at(2) }, { streamIds: ["cart-1"] }] })).toEqual([
      "cart-1",
      "cart-2",
      "cart-3",
    ]);
    expect(await found({ filter: [{ prefix: "order" }, { since: at(5) }] })).toEqual(["order-1", "card-1"]);
    const [, second] = await store.readAll().toArray();
    expect(await found({ since: at(2), after: second?.position ?? 0 })).toEqual(["cart-2", "cart-3", "card-1"]);
    expect(await found({ since: at(2), until: second?.position ?? 0 })).toEqual(["order-1"]);
    expect(await store.transaction((tx) => tx.readAll({ since: at(4) }).toArray())).toHaveLength(2);
    expect(() => store.readAll({ since: at(1), filter: { since: at(2) } })).toThrow("options.since is given twice");
  });

  test("batches have the size that was asked for", async ({ open }) => {
    const store = await open();
    await store.appendToStream(
      "cart-1",
      Array.from({ length: 7 }, () => itemAdded()),
    );
    const sizes: number[] = [];
    for await (const batch of store.readAll().batches(3)) sizes.push(batch.length);
    expect(sizes).toEqual([3, 3, 1]);
  });

  test("a loop may be left, and reading goes on elsewhere", async ({ open }) => {
    const store = await open();
    await store.appendToStream(
      "cart-1",
      Array.from({ length: 1_000 }, () => itemAdded()),
    );
    for await (const event of store.readStream("cart-1")) if (event.version === 3) break;
    expect((await store.readStream("cart-1").toArray()).length).toBe(1_000);
  });

  test("an aborted reading rejects with the signal's reason", async ({ open }) => {
    const store = await open();
    await store.appendToStream(
      "cart-1",
      Array.from({ length: 10 }, () => itemAdded()),
    );
    const reason = new Error("enough");
    await expect(store.readAll({ signal: AbortSignal.abort(reason) }).toArray()).rejects.toBe(reason);
  });

  test("a fold goes on from a state and a version, which the stream must have", async ({ open }) => {
    const store = await open();
    await store.appendToStream<CartEvent>("cart-1", [itemAdded("tea", 2), itemAdded("mug", 1)]);
    const folded: string[] = [];
    const fold = {
      initialState: () => 0,
      evolve: (state: number, event: RecordedEvent) => {
        folded.push(`${event.version} ${event.type}`);
        return state + 1;
      },
    };
    const from = await store.aggregateStream("cart-1", fold);
    await store.appendToStream<CartEvent>("cart-1", [confirmed]);
    folded.length = 0;
    expect(await store.aggregateStream("cart-1", { ...fold, from })).toEqual({ state: 3, version: 3, exists: true });
    expect(folded).toEqual(["3 CartConfirmed"]);
    expect(await store.aggregateStream("cart-1", { ...fold, from: { state: 10, version: 3 } })).toEqual({ state: 10, version: 3, exists: true });
    expect(await store.aggregateStream("absent", { ...fold, from: { state: 7, version: 0 } })).toEqual({ state: 7, version: 0, exists: false });
    expect(await store.transaction((tx) => tx.aggregateStream("cart-1", { ...fold, from, toVersion: 2 }))).toEqual({ state: 2, version: 2, exists: true });
    await expect(store.aggregateStream("cart-1", { ...fold, from: { state: 0, version: 4 } })).rejects.toThrow(
      'fold.from.version is 4, but stream "cart-1" has no event of this version',
    );
    await expect(store.aggregateStream("cart-1", { ...fold, from: { state: 0, version: 3 }, toVersion: 2 })).rejects.toThrow("fold.toVersion is 2, below");
    const asOf = new Date(0);
    await expect(store.aggregateStream("cart-1", { ...fold, from, asOf })).rejects.toThrow("at 1970-01-01T00:00:00.000Z");
    // @ts-expect-error -- a state without its version could be any
    await expect(store.aggregateStream("cart-1", { ...fold, from: { state: 1 } })).rejects.toThrow("fold.from.version is missing");
  });

  test("a stream is folded into a state", async ({ open }) => {
    const store = await open();
    await store.appendToStream<CartEvent>("cart-1", [itemAdded("tea", 2, 4.5), itemAdded("mug", 1, 12), confirmed]);
    const fold = {
      initialState: () => 0,
      evolve: (sum: number, event: CartEvent) => (event.type === "ItemAdded" ? sum + event.data.quantity * event.data.price : sum),
    };
    expect(await store.aggregateStream<number, CartEvent>("cart-1", fold)).toEqual({ state: 21, version: 3, exists: true });
    expect(await store.aggregateStream<number, CartEvent>("cart-1", { ...fold, toVersion: 1 })).toEqual({ state: 9, version: 1, exists: true });
    expect(await store.aggregateStream<number, CartEvent>("absent", fold)).toEqual({ state: 0, version: 0, exists: false });
  });

  test("streams are told and listed", async ({ open }) => {
    const store = await open();
    for (const streamId of ["cart-2", "cart-10", "cart", "cartoon-1", "order-1"]) await store.appendToStream(streamId, [itemAdded()]);
    await store.appendToStream("only-read", [], { expectedVersion: 0 });
    const listed = async (options: Parameters<typeof store.streams>[0]): Promise<string[]> => {
      const ids: string[] = [];
      for await (const { streamId } of store.streams(options)) ids.push(streamId);
      return ids;
    };
    expect(await listed({})).toEqual(["cart", "cart-10", "cart-2", "cartoon-1", "order-1"]);
    expect(await listed({ category: "cart" })).toEqual(["cart", "cart-10", "cart-2"]);
    expect(await listed({ prefix: "cart-" })).toEqual(["cart-10", "cart-2"]);
    expect(await listed({ prefix: "cart%" })).toEqual([]);
    expect(await listed({ after: "cart-2", limit: 1 })).toEqual(["cartoon-1"]);
    expect(await store.streamInfo("cart-2")).toMatchObject({ streamId: "cart-2", category: "cart", exists: true, version: 1, createdAt: expect.any(Date) });
    expect(await store.streamInfo("absent")).toEqual({
      streamId: "absent",
      category: "absent",
      exists: false,
      version: 0,
      createdAt: undefined,
      lastPosition: undefined,
    });
  });

  test("an event is found by its id, however it is spelt", async ({ open }) => {
    const store = await open();
    const id = crypto.randomUUID();
    await store.appendToStream("cart-1", [{ ...itemAdded(), id }]);
    expect(await store.eventById(id.toUpperCase())).toMatchObject({ id, streamId: "cart-1" });
    expect(await store.eventById(crypto.randomUUID())).toBeUndefined();
  });
});
