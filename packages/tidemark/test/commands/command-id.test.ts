import { executeCommand, handleCommand, type MultiStreamDecider } from "../../src/index.ts";
import { expect, test } from "../support/test.ts";
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
