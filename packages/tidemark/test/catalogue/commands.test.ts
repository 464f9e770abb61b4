import {
  aggregate,
  type BoundaryDecider,
  type Decider,
  defineEvents,
  type Event,
  executeCommand,
  handleCommand,
  type MultiStreamDecider,
  repository,
  type StoreTransaction,
} from "tidemark";
import { z } from "zod";
import { createCodec } from "../../src/catalogue/create-codec.ts";
import { shareSnapshots } from "../../src/commands/snapshots/access.ts";
import { override } from "../../src/testing/override.ts";
import { sampleCodec } from "./sample-codec.ts";
import { describe, expect, test } from "./test.ts";

const today = sampleCodec("today");

type CartEvent = Event<"ItemAdded", { sku: string; quantity: number }> | Event<"CartCreated", { by: string }> | Event<"CartConfirmed", { at: Date }>;
interface Cart {
  readonly skus: readonly string[];
  readonly year: number | undefined;
}
type CartCommand = { add: readonly string[] } | { confirm: Date };

const empty = (): Cart => ({ skus: [], year: undefined });
function evolve(cart: Cart, event: CartEvent): Cart {
  if (event.type === "ItemAdded") return { ...cart, skus: [...cart.skus, event.data.sku] };
  // Fails where an event is given as it is stored.
  return event.type === "CartConfirmed" ? { ...cart, year: event.data.at.getUTCFullYear() } : cart;
}
function decide(command: CartCommand): CartEvent[] {
  if ("add" in command) return command.add.map((sku) => ({ type: "ItemAdded", data: { sku, quantity: 1 } }));
  return [{ type: "CartConfirmed", data: { at: command.confirm } }];
}
const cart: Decider<Cart, CartCommand, CartEvent> = { initialState: empty, evolve, decide };
const kept: Decider<Cart, CartCommand, CartEvent> = { ...cart, name: "cart", snapshot: { every: 1 } };
const several: MultiStreamDecider<Cart, CartCommand, CartEvent> = {
  initialState: empty,
  evolve,
  reads: ["cart-1", "cart-2"],
  decide: (command) => [{ streamId: "cart-1", events: decide(command) }],
};
const byTag: BoundaryDecider<Cart, CartCommand, CartEvent> = {
  initialState: empty,
  evolve,
  query: [{ types: ["ItemAdded", "CartConfirmed"], tags: ["cart:1"] }],
  decide: (command) => decide(command).map((event) => ({ ...event, tags: ["cart:1"] })),
};

const tags = ["cart:1"];
const basket = { type: "BasketFilled", data: { skus: ["jam", "rye"] }, tags };
const touched = { type: "CartTouched", data: {}, tags };
const old = { type: "ItemAdded", data: { item: "tea" }, tags };
const in2026 = new Date("2026-05-01");

describe("a command with a catalogue", () => {
  test("leaves the state of what was stored, where a schema gives another default each time", async ({ openWith }) => {
    let made = 0;
    const events = defineEvents({ LineAdded: z.object({ line: z.number().default(() => ++made) }) });
    const store = await openWith(createCodec(events));
    const lines: Decider<readonly number[], number, Event<"LineAdded", { line?: number }>> = {
      name: "lines",
      snapshot: { every: 1 },
      initialState: () => [],
      evolve: (before, { data }) => [...before, data.line ?? 0],
      decide: (count) => Array.from({ length: count }, () => ({ type: "LineAdded", data: {} })),
    };
    for (const count of [2, 1]) await handleCommand(store, lines, "cart-1", count);
    await store.snapshots.settled();
    const { state } = await handleCommand(store, lines, "cart-1", 1);
    expect(state).toEqual((await store.readStream<Event<"LineAdded", { line: number }>>("cart-1").toArray()).map(({ data }) => data.line));
  });

  test("asks a schema once about each event, in a transaction and with metadata and ids of its own, too", async ({ openWith }) => {
    const asked: number[] = [];
    const events = defineEvents({ LineAdded: z.object({ line: z.number().refine((line) => asked.push(line) > 0) }) });
    const store = await openWith(createCodec(events));
    const lines: Decider<number, number, Event<"LineAdded", { line: number }>> = {
      initialState: () => 0,
      evolve: (sum, { data }) => sum + data.line,
      decide: (line) => [{ type: "LineAdded", data: { line } }],
    };
    const options = { commandId: "command-1", metadata: { actorId: "ada" } };
    const handled = [
      await handleCommand(store, lines, "cart-1", [1, 2]),
      await handleCommand(store.withMetadata({ correlationId: "c" }).forTenant("acme"), lines, "cart-1", [3], options),
      await store.transaction((tx: StoreTransaction) => handleCommand(tx, lines, "cart-2", [4, 5], options)),
    ];
    expect(asked).toEqual([1, 2, 3, 4, 5]);
    expect(handled.map(({ state }) => state)).toEqual([3, 3, 9]);
    expect(handled[1]?.events[0]?.metadata).toEqual({ correlationId: "c", actorId: "ada", commandId: "command-1" });
    await store.appendToStream("cart-1", [{ type: "LineAdded", data: { line: 6 } }]);
    expect(asked).toHaveLength(6);
  });

  test("stores what was checked, whatever becomes of the decided object afterwards", async ({ openWith }) => {
    const store = await openWith(
      createCodec(defineEvents({ LineAdded: z.custom<{ line: number }>((data) => z.object({ line: z.number() }).safeParse(data).success) })),
    );
    const data: { line: unknown } = { line: 1 };
    const lines: Decider<number, number, Event<"LineAdded", { line: unknown }>> = {
      initialState: () => 0,
      evolve: (count) => count + 1,
      decide(line) {
        // The second command spoils what the first has decided.
        if (line === 2) data.line = "two";
        return line === 2 ? [] : [{ type: "LineAdded", data }];
      },
    };
    await handleCommand(store, lines, "cart-1", [1, 2]);
    expect((await store.readStream("cart-1").toArray()).map((found) => found.data)).toEqual([{ line: 1 }]);
  });

  test("folds its events once into a state that is changed in place", async ({ openWith }) => {
    const store = await openWith(createCodec(defineEvents({ LineAdded: z.object({ line: z.number() }) })));
    const lines: Decider<number[], number, Event<"LineAdded", { line: number }>> = {
      initialState: () => [],
      evolve(all, { data }) {
        all.push(data.line);
        return all;
      },
      decide: (line) => [{ type: "LineAdded", data: { line } }],
    };
    await handleCommand(store, lines, "cart-1", 1);
    expect((await handleCommand(store, lines, "cart-1", [2, 3])).state).toEqual([1, 2, 3]);
  });

  test("leaves the state of what was stored through a wrapper that hands on copies", async ({ openWith }) => {
    let made = 0;
    const store = await openWith(createCodec(defineEvents({ LineAdded: z.object({ line: z.number().default(() => ++made) }) })));
    const lines: Decider<readonly number[], undefined, Event<"LineAdded", { line?: number }>> = {
      initialState: () => [],
      evolve: (all, { data }) => [...all, data.line ?? 0],
      decide: () => [{ type: "LineAdded", data: {} }],
    };
    const copying = override(store, {
      appendToStream: (...[streamId, events, options]: Parameters<typeof store.appendToStream>) =>
        store.appendToStream(
          streamId,
          events.map((found) => ({ type: found.type, data: structuredClone(found.data) })),
          options,
        ),
    });
    shareSnapshots(copying, store);
    const { state } = await handleCommand(copying, lines, "cart-1", undefined);
    expect([state, made]).toEqual([[2], 2]);
  });

  test("is decided on what old events are today, and expects the stored version", async ({ store, openWith }) => {
    await store.appendToStream("cart-1", [old, basket, touched]);
    const reading = await openWith(today);
    const first = await handleCommand(reading, cart, "cart-1", { add: ["oil"] });
    expect(first).toMatchObject({ state: { skus: ["tea", "jam", "rye", "oil"] }, version: 4, attempts: 1 });
    expect(first.events.map(({ schemaVersion, data }) => [schemaVersion, data])).toEqual([[2, { sku: "oil", quantity: 1 }]]);
    const { state, attempts } = await executeCommand(reading, several, { add: ["fig"] });
    expect([state.skus, attempts]).toEqual([["tea", "jam", "rye", "oil", "fig"], 1]);
    await store.appendToStream("cart-2", [touched]);
    expect(await executeCommand(reading, several, { add: ["nut"] })).toMatchObject({ attempts: 1 });
  });

  test("folds its own events as readers get them", async ({ openWith }) => {
    const reading = await openWith(today);
    const handled = await handleCommand(reading, cart, "cart-1", [{ confirm: in2026 }, { add: ["tea"] }]);
    expect(handled.state).toEqual({ skus: ["tea"], year: 2026 });
    expect(handled.events[0]?.data).toEqual({ at: in2026 });
    expect((await executeCommand(reading, several, { confirm: in2026 })).state).toEqual({ skus: ["tea"], year: 2026 });
    const asked = await executeCommand(reading, byTag, { confirm: in2026 });
    expect([asked.state.year, asked.events.map(({ data }) => data)]).toEqual([2026, [{ at: in2026 }]]);
    const inside = await reading.transaction((tx: StoreTransaction) => handleCommand(tx, cart, "cart-3", { confirm: in2026 }));
    expect([inside.state.year, inside.events[0]?.data]).toEqual([2026, { at: in2026 }]);
  });

  test("folds a decided event with the defaults of its schema", async ({ openWith }) => {
    const reading = await openWith(createCodec(defineEvents({ ItemAdded: z.object({ sku: z.string(), quantity: z.number().default(2) }) })));
    const counting: Decider<number, string[], Event<"ItemAdded", { sku: string; quantity?: number }>> = {
      initialState: () => 0,
      evolve: (count, { data }) => count + (data.quantity ?? Number.NaN),
      decide: (skus, count) => skus.map((sku) => ({ type: "ItemAdded", data: count < 4 ? { sku } : { sku, quantity: 0 } })),
    };
    // The second command is decided on what the first one led to.
    const { state, version } = await handleCommand(reading, counting, "cart-1", [["tea", "jam"], ["oil"]]);
    expect([state, version]).toEqual([4, 3]);
    expect((await handleCommand(reading, counting, "cart-1", [])).state).toBe(4);
  });

  test("by a query finds what is stored under retired names, and meets what is written under them meanwhile", async ({ store, openWith }) => {
    await store.appendToStream("cart-9", [basket, touched]);
    const reading = await openWith(today);
    let others = 0;
    const { state, attempts } = await executeCommand(
      reading,
      {
        ...byTag,
        async decide(command, before) {
          if (others++ === 0) await store.appendToStream("cart-9", [basket]);
          return before.skus.length < 4 ? [] : decide(command).map((event) => ({ ...event, tags }));
        },
      },
      { add: ["oil"] },
    );
    // Nothing was decided on two items, so that nothing was to be met.
    expect([state.skus.length, attempts]).toEqual([2, 1]);
    others = 0;
    const again = await executeCommand(
      reading,
      {
        ...byTag,
        async decide(command) {
          if (others++ === 0) await store.appendToStream("cart-9", [basket]);
          return decide(command).map((event) => ({ ...event, tags }));
        },
      },
      { add: ["oil"] },
    );
    expect([again.state.skus.length, again.attempts]).toEqual([7, 2]);
  });

  test("that comes again gives what it wrote, whatever became of it", async ({ openWith }) => {
    const yesterday = await openWith(sampleCodec("yesterday"));
    const options = { commandId: "command-1" };
    const before = { initialState: () => 0, evolve: (count: number) => count + 1, decide: () => [touched, basket] };
    await handleCommand(yesterday, before, "cart-1", undefined, options);
    await executeCommand(yesterday, { ...before, reads: ["cart-2"], decide: () => [{ streamId: "cart-2", events: [touched] }] }, undefined, options);
    await executeCommand(yesterday, { ...before, query: [{ tags: ["cart:1"] }], streamId: "cart-3" }, undefined, options);
    const reading = await openWith(today);
    const refused = (): never => {
      throw new Error("decided again");
    };
    const handled = await handleCommand(reading, { ...cart, decide: refused }, "cart-1", { add: [] }, options);
    expect(handled).toMatchObject({ version: 2, state: { skus: ["jam", "rye"] } });
    expect(handled.events.map(({ part }) => part)).toEqual([0, 1]);
    const over = await executeCommand(reading, { ...several, reads: ["cart-2"], decide: refused }, { add: [] }, options);
    expect([over.events, over.position]).toEqual([[], 3]);
    const asked = await executeCommand(reading, { ...byTag, query: [{ tags: ["cart:1"] }], streamId: "cart-3", decide: refused }, { add: [] }, options);
    expect(asked.events.map(({ version, part }) => [version, part])).toEqual([
      [2, 0],
      [2, 1],
    ]);
  });

  test("refuses a decided event that cannot be appended before anything is written", async ({ openWith }) => {
    const reading = await openWith(today);
    const strange: Decider<number, undefined, Event> = {
      initialState: () => 0,
      evolve: (count) => count + 1,
      decide: () => [touched, { type: "Strange", data: {} }],
    };
    await expect(handleCommand(reading, strange, "cart-1", undefined)).rejects.toThrow("CartTouched");
    expect(await reading.streamInfo("cart-1")).toMatchObject({ exists: false });
  });

  test("on an aggregate loads old events and saves at the stored version", async ({ store, openWith }) => {
    class Basket extends aggregate<Cart, CartEvent>({
      category: "cart",
      initialState: empty,
      evolve: { ItemAdded: evolve, CartCreated: evolve, CartConfirmed: evolve },
    }) {
      add(sku: string): void {
        this.apply({ type: "ItemAdded", data: { sku, quantity: 1 } });
      }
    }
    await store.appendToStream("cart-1", [basket, touched]);
    const carts = repository(await openWith(today), Basket);
    const loaded = await carts.load("1");
    loaded.add("oil");
    expect(await carts.save(loaded)).toMatchObject({ version: 3 });
    await store.appendToStream("cart-2", [touched]);
    expect((await carts.load("2")).version).toBe(1);
  });
});

describe("a snapshot with a catalogue", () => {
  test("ends with what is stored, and commands go on behind it", async ({ store, openWith }) => {
    const reading = await openWith(today);
    await store.appendToStream("cart-1", [old, basket]);
    await reading.snapshots.take(kept, "cart-1");
    await store.appendToStream("cart-1", [touched]);
    const { state, version } = await handleCommand(reading, kept, "cart-1", { add: ["oil"] });
    expect([state.skus, version]).toEqual([["tea", "jam", "rye", "oil"], 4]);
    await reading.snapshots.settled();
    await store.appendToStream("cart-1", [touched]);
    await reading.snapshots.take(kept, "cart-1");
    expect(await handleCommand(reading, kept, "cart-1", { add: ["fig"] })).toMatchObject({ version: 6, attempts: 1 });
    await reading.snapshots.settled();
    expect(reading.snapshots.stats()).toMatchObject({ used: 2, mismatched: 0, outdated: 0, failed: 0 });
  });

  test("of several streams ends with what is stored in each", async ({ store, openWith }) => {
    const reading = await openWith(today);
    const moves = { ...several, name: "cart", snapshot: { every: 1 } };
    await store.appendToStream("cart-1", [basket, touched]);
    await store.appendToStream("cart-2", [touched]);
    await reading.snapshots.take(moves, { add: [] });
    await store.appendToStream("cart-2", [old, touched]);
    const { state, attempts } = await executeCommand(reading, moves, { add: ["oil"] });
    expect([state.skus, attempts]).toEqual([["jam", "rye", "tea", "oil"], 1]);
    await reading.snapshots.settled();
    expect(await executeCommand(reading, moves, { add: [] })).toMatchObject({ attempts: 1, state: { skus: ["jam", "rye", "tea", "oil"] } });
    await reading.snapshots.settled();
    expect(reading.snapshots.stats()).toMatchObject({ used: 2, mismatched: 0, outdated: 0, failed: 0 });
  });

  test("of another catalogue is ignored, and stays while that one is in use", async ({ store, openWith, sql, schema }) => {
    const [reading, other] = [await openWith(today), await openWith({ ...today, fingerprint: "another" })];
    await store.appendToStream("cart-1", [old, basket]);
    const moves = { ...several, name: "cart", snapshot: { every: 1 } };
    for (const one of [reading, other]) {
      expect(await one.snapshots.take(kept, "cart-1")).toBe(true);
      expect(await one.snapshots.take(moves, { add: [] })).toBe(true);
    }
    expect(await reading.snapshots.list()).toHaveLength(4);
    for (const one of [reading, other]) {
      await handleCommand(one, kept, "cart-1", { add: [] });
      await executeCommand(one, moves, { add: [] });
      expect(one.snapshots.stats()).toMatchObject({ used: 2, outdated: 0 });
    }
    const third = await openWith({ ...today, fingerprint: "a third" });
    expect((await handleCommand(third, kept, "cart-1", { add: [] })).state.skus).toEqual(["tea", "jam", "rye"]);
    expect((await executeCommand(third, moves, { add: [] })).state.skus).toEqual(["tea", "jam", "rye"]);
    expect(third.snapshots.stats()).toMatchObject({ used: 0, outdated: 2 });
    await third.snapshots.settled();
    await sql.query(`update "${schema.replaceAll('"', '""')}".snapshots set taken_at = taken_at - interval '25 hours' where catalogue <> 'another'`);
    await store.appendToStream("cart-1", [old]);
    await other.snapshots.take(kept, "cart-1");
    const { rows } = await sql.query(`select catalogue from "${schema.replaceAll('"', '""')}".snapshots where kind = 'stream'`);
    expect(rows).toEqual([{ catalogue: "another" }]);
  });
});
