import { type BoundaryDecider, type Event, executeCommand, handleCommand, type MultiStreamDecider } from "../../src/index.ts";
import { describe, expect, test } from "../support/test.ts";
import { add, cart, type CartCommand, type CartEvent, type CartState, confirm, interrupted } from "./cart.ts";

test("a command with an id that is handled again writes nothing, and returns what it did the first time", async ({ store }) => {
  await handleCommand(store, cart, "cart-1", add("tea"));
  const first = await handleCommand(store, cart, "cart-1", [add("mug"), confirm], { commandId: "request-7", metadata: { traceparent: "a" } });
  // Decided again, it would throw: the cart is confirmed.
  expect(await handleCommand(store, cart, "cart-1", [add("mug"), confirm], { commandId: "request-7", metadata: { traceparent: "b" } })).toEqual(first);
  await store.appendToStream("cart-1", [{ type: "ItemAdded", data: { sku: "later" } }]);
  expect(await handleCommand(store, cart, "cart-1", [add("mug"), confirm], { commandId: "request-7" })).toEqual(first);
  expect((await store.streamInfo("cart-1")).version).toBe(4);
  expect(first.events).toMatchObject([{ metadata: { commandId: "request-7", traceparent: "a" } }, { metadata: { commandId: "request-7" } }]);
});

test("ids belong to one stream and one tenant", async ({ store }) => {
  const options = { commandId: "request-7" };
  const results = await Promise.all([
    handleCommand(store, cart, "cart-1", confirm, options),
    handleCommand(store, cart, "cart-2", confirm, options),
    handleCommand(store.forTenant("acme"), cart, "cart-1", confirm, options),
  ]);
  expect(results.map(({ version, attempts }) => [version, attempts])).toEqual([
    [1, 1],
    [1, 1],
    [1, 1],
  ]);
  expect(results[0].events[0]?.id).not.toBe(results[1].events[0]?.id);
});

test("handled twice at once, it is carried out once, also where it decides otherwise each time", async ({ store }) => {
  for (const [round, decide] of [cart.decide, () => [{ type: "ItemAdded", data: { sku: crypto.randomUUID() } } as const]].entries()) {
    const arrived = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    // Each decides only when the other has read, too.
    const both = {
      ...cart,
      decide: async (command: CartCommand, state: CartState) => {
        arrived.find((one, index) => (index === 0 ? !met++ : true))?.resolve();
        await Promise.all(arrived.map(({ promise }) => promise));
        return decide(command, state);
      },
    };
    let met = 0;
    const streamId = `cart-${round}`;
    const [one, two] = await Promise.all([
      handleCommand(store, both, streamId, add("tea"), { commandId: "same" }),
      handleCommand(store, both, streamId, add("tea"), { commandId: "same" }),
    ]);
    expect({ ...one, attempts: 0 }).toEqual({ ...two, attempts: 0 });
    expect((await store.streamInfo(streamId)).version).toBe(1);
  }
});

test("a conflict is tried again under the same ids", async ({ store }) => {
  const racing = interrupted((decision) => (decision === 1 ? store.appendToStream("cart-1", [{ type: "ItemAdded", data: { sku: "tea" } }]) : undefined));
  const first = await handleCommand(store, racing, "cart-1", confirm, { commandId: "c" });
  expect(first).toMatchObject({ attempts: 2, version: 2 });
  expect(await handleCommand(store, cart, "cart-1", confirm, { commandId: "c" })).toEqual({ ...first, attempts: 1 });
});

test("a command over several streams with an id is carried out once", async ({ store }) => {
  const move: MultiStreamDecider<readonly string[], string, CartEvent> = {
    reads: ["cart-1", "cart-2"],
    initialState: () => [],
    evolve: (state, { streamId, version }) => [...state, `${streamId}@${version}`],
    decide: (sku, state) => [
      { streamId: "cart-2", events: [{ type: "ItemAdded", data: { sku } }] },
      {
        streamId: "cart-3",
        events: [
          { type: "ItemAdded", data: { sku } },
          { type: "CartConfirmed", data: { items: state.length } },
        ],
      },
    ],
  };
  await handleCommand(store, cart, "cart-1", add("tea"));
  const first = await executeCommand(store, move, "tea", { commandId: "m" });
  expect(first.events.map(({ streamId, version }) => `${streamId}@${version}`)).toEqual(["cart-2@1", "cart-3@1", "cart-3@2"]);
  expect(first.state).toEqual(["cart-1@1", "cart-2@1", "cart-3@1", "cart-3@2"]);
  await handleCommand(store, cart, "cart-1", add("mug"));
  await handleCommand(store, cart, "cart-2", add("mug"));
  expect(await executeCommand(store, move, "tea", { commandId: "m" })).toEqual(first);
  expect((await store.streamInfo("cart-3")).version).toBe(2);
});

test("handled twice at once over streams that it does not read, it is carried out once, whatever it decides", async ({ store }) => {
  const both = Promise.withResolvers<void>();
  let decisions = 0;
  const note: MultiStreamDecider<number, string, CartEvent> = {
    reads: ["cart-1"],
    initialState: () => 0,
    evolve: (count) => count + 1,
    decide: async () => {
      if (++decisions === 2) both.resolve();
      await both.promise;
      return [{ streamId: "log-1", events: [{ type: "ItemAdded", data: { sku: crypto.randomUUID() } }] }];
    },
  };
  const results = await Promise.all([executeCommand(store, note, "tea", { commandId: "n" }), executeCommand(store, note, "tea", { commandId: "n" })]);
  expect(results[0].events).toEqual(results[1].events);
  expect(results.map(({ attempts }) => attempts).toSorted((a, b) => a - b)).toEqual([1, 2]);
  expect((await store.streamInfo("log-1")).version).toBe(1);
});

test("handled by six at once with no second try, it is carried out once, and all get its events", async ({ store }) => {
  const arrived = Array.from({ length: 6 }, () => Promise.withResolvers<void>());
  let met = 0;
  const all = {
    ...cart,
    decide: async () => {
      arrived[met++]?.resolve();
      await Promise.all(arrived.map(({ promise }) => promise));
      return [{ type: "ItemAdded", data: { sku: crypto.randomUUID() } } as const];
    },
  };
  const requests = arrived.map(() => handleCommand(store, all, "cart-1", add("tea"), { commandId: "same", retry: false }));
  const [first, ...others] = await Promise.all(requests);
  for (const other of others) expect({ ...other, attempts: 0 }).toEqual({ ...first, attempts: 0 });
  expect((await store.streamInfo("cart-1")).version).toBe(1);
});

test("the other one's decision made in vain is no attempt, over several streams neither", async ({ store }) => {
  await handleCommand(store, cart, "cart-1", add("tea"));
  const inner = Promise.withResolvers<unknown>();
  let decisions = 0;
  const move: MultiStreamDecider<number, string, CartEvent> = {
    reads: ["cart-1", "cart-2"],
    initialState: () => 0,
    evolve: (count) => count + 1,
    decide: async (sku) => {
      if (++decisions === 1) {
        inner.resolve(await executeCommand(store, move, sku, { commandId: "m", retry: false }));
        throw new Error("decided on a state that is no more");
      }
      return [{ streamId: "cart-2", events: [{ type: "ItemAdded", data: { sku } }] }];
    },
  };
  const outer = await executeCommand(store, move, "mug", { commandId: "m", retry: false });
  expect({ ...outer, attempts: 1 }).toEqual(await inner.promise);
});

describe("a command with an id", () => {
  const own = { id: "0197a0c0-0000-7000-8000-000000000001", type: "ItemAdded", data: { sku: "tea" } } as const;
  const options = { commandId: "request-7" };
  const refused = { code: "INVALID_ARGUMENT", path: "decide", message: expect.stringContaining(own.id) };
  const count = { initialState: () => 0, evolve: (sum: number): number => sum + 1 };

  test("whose decision has ids of its own is refused: it would not be known again", async ({ store }) => {
    await expect(handleCommand(store, { ...cart, decide: () => [own] }, "cart-1", add("tea"), options)).rejects.toMatchObject(refused);
    const over: MultiStreamDecider<number, null, CartEvent> = { ...count, reads: ["cart-1"], decide: () => [{ streamId: "cart-1", events: [own] }] };
    await expect(executeCommand(store, over, null, options)).rejects.toMatchObject(refused);
    const query: BoundaryDecider<number, null, CartEvent> = { ...count, query: [{ tags: ["a:1"] }], streamId: "cart-1", decide: () => [own] };
    await expect(executeCommand(store, query, null, options)).rejects.toMatchObject(refused);
    expect(await store.readAll().toArray()).toEqual([]);
  });

  test("does not answer another decider's of the same name of an id", async ({ store }) => {
    const by = (name: string) => ({ ...count, name, decide: () => [{ type: name, data: {} }] });
    for (const name of ["Reserve", "Bill", "Reserve"]) await handleCommand(store, by(name), "order-1", null, options);
    const over = (name: string): MultiStreamDecider<number, null, Event> => ({
      ...count,
      name,
      reads: ["a"],
      decide: () => [{ streamId: "over", events: [{ type: name, data: {} }] }],
    });
    for (const name of ["Reserve", "Bill", "Reserve"]) await executeCommand(store, over(name), null, options);
    const query = (name: string): BoundaryDecider<number, null, Event> => ({
      ...count,
      name,
      query: [{ tags: ["order:1"] }],
      decide: () => [{ type: name, data: {}, tags: ["order:1"] }],
    });
    for (const name of ["Ship", "Pack", "Ship"]) await executeCommand(store, query(name), null, options);
    const types = (await store.readAll().toArray()).map(({ streamId, type }) => `${streamId} ${type}`);
    expect(types).toEqual(["order-1 Reserve", "order-1 Bill", "over Reserve", "over Bill", "order-1 Ship", "order-1 Pack"]);
  });

  test("does not answer one on other streams, or by another query", async ({ store }) => {
    const over: MultiStreamDecider<number, readonly string[], Event> = {
      ...count,
      reads: (streamIds) => streamIds,
      decide: ([streamId = ""]) => [{ streamId, events: [{ type: "Moved", data: {} }] }],
    };
    for (const streamIds of [
      ["a", "b"],
      ["c", "d"],
      ["b", "a"],
    ])
      await executeCommand(store, over, streamIds, options);
    const query: BoundaryDecider<number, string, Event> = {
      ...count,
      query: (tag) => [{ tags: [tag, "year:1"] }, { types: ["Held", "Taken"] }],
      decide: (tag) => [{ type: "Taken", data: {}, tags: [tag, "year:1"] }],
    };
    for (const tag of ["seat:1", "seat:2", "seat:1"]) await executeCommand(store, query, tag, options);
    const turned = { ...query, query: (tag: string) => [{ types: ["Taken", "Held"] }, { tags: ["year:1", tag] }] };
    await executeCommand(store, turned, "seat:1", options);
    expect((await store.readAll().toArray()).map(({ streamId }) => streamId)).toEqual(["a", "c", "seat-1", "seat-2"]);
  });

  test("over streams is known again although it reads more of them by then", async ({ store }) => {
    const over: MultiStreamDecider<readonly string[], null, Event> = {
      initialState: () => ["a"],
      reads: (_, state) => state,
      evolve: (state, { streamId }) => (streamId === "a" ? ["a", "b"] : state),
      decide: () => [{ streamId: "a", events: [{ type: "Named", data: {} }] }],
    };
    const first = await executeCommand(store, over, null, options);
    expect(await executeCommand(store, over, null, options)).toEqual(first);
    expect(await store.readAll().toArray()).toHaveLength(1);
  });
});
