import { randomBytes } from "node:crypto";
import {
  type CausationTree,
  type CausedEvent,
  causedBy,
  defineEvents,
  event,
  type EventStore,
  type RecordedEvent,
  retired,
  withMetadata,
} from "../../src/index.ts";
import { describe, expect } from "../support/test.ts";
import { rejection } from "../database/open.ts";
import { drivers } from "./drivers.ts";

/** Appends an event to a stream of its own, caused by another one. */
async function append(store: EventStore, type: string, cause?: RecordedEvent, metadata: object = {}): Promise<RecordedEvent> {
  const recorded: RecordedEvent[] = [];
  const caused = cause ? causedBy(cause) : {};
  await withMetadata({ ...metadata, ...caused }, () =>
    store.appendToStream(`${type.toLowerCase()}-1`, [{ type, data: {} }], { onRecorded: (events) => void recorded.push(...events) }),
  );
  const [event] = recorded;
  if (!event) throw new Error("missing");
  return event;
}

/** `Placed(Paid(Shipped) Reserved…)`: a tree in one line; `…` where it was cut. */
function drawn({ event, effects, cut }: CausedEvent): string {
  const inner = effects.map(drawn).join(" ");
  return `${event.type}${inner === "" ? "" : `(${inner})`}${cut ? "…" : ""}`;
}

const typesOf = (events: readonly RecordedEvent[]): readonly string[] => events.map(({ type }) => type);

/** An order of which everything is known: Placed caused Paid and Reserved, and Paid caused Shipped. */
async function order(store: EventStore): Promise<Record<"placed" | "paid" | "reserved" | "shipped", RecordedEvent>> {
  const placed = await append(store, "Placed", undefined, { correlationId: "order 1" });
  const paid = await append(store, "Paid", placed);
  const reserved = await append(store, "Reserved", placed);
  const shipped = await append(store, "Shipped", paid);
  await append(store, "Other");
  return { placed, paid, reserved, shipped };
}

describe.for(drivers)("causation on $driver", ({ test }) => {
  test("is read up to the root and down to the leaves", async ({ open }) => {
    const store = await open();
    await store.indexes.create("causation");
    const { placed, paid, shipped } = await order(store);
    const tree: CausationTree = await store.readCausation(paid.id.toUpperCase());
    expect([drawn(tree), typesOf(tree.causes), tree.complete]).toEqual(["Paid(Shipped)", ["Placed"], true]);
    expect(tree.event).toEqual(await store.eventById(paid.id));
    expect(drawn(await store.readCausation(placed.id))).toBe("Placed(Paid(Shipped) Reserved)");
    expect(typesOf((await store.readCausation(shipped.id)).causes)).toEqual(["Paid", "Placed"]);
    const undone = store.transaction(async (tx) => {
      await tx.appendToStream("late-1", [{ type: "Returned", data: {}, metadata: causedBy(shipped) }]);
      expect(drawn(await tx.readCausation(placed.id))).toBe("Placed(Paid(Shipped(Returned)) Reserved)");
      throw new RangeError("undone");
    });
    expect(await rejection(undone)).toMatchObject({ message: "undone" });
    expect(drawn(await store.readCausation(placed.id))).toBe("Placed(Paid(Shipped) Reserved)");
  });

  test("says where depth or limit cut it, and only there", async ({ open }) => {
    const store = await open();
    await store.indexes.create("causation");
    const { placed, paid, shipped } = await order(store);
    const read = async (id: string, options: { depth?: number; limit?: number }): Promise<readonly unknown[]> => {
      const { causes, causesCut, complete, ...tree } = await store.readCausation(id, options);
      return [drawn(tree), causes.length, causesCut ?? false, complete];
    };
    expect(await read(placed.id, { depth: 0 })).toEqual(["Placed…", 0, false, false]);
    expect(await read(placed.id, { depth: 1 })).toEqual(["Placed(Paid… Reserved)", 0, false, false]);
    expect(await read(placed.id, { depth: 2 })).toEqual(["Placed(Paid(Shipped) Reserved)", 0, false, true]);
    expect(await read(placed.id, { limit: 0 })).toEqual(["Placed…", 0, false, false]);
    expect(await read(placed.id, { limit: 1 })).toEqual(["Placed(Paid…)…", 0, false, false]);
    expect(await read(placed.id, { limit: 2 })).toEqual(["Placed(Paid… Reserved)", 0, false, false]);
    expect(await read(placed.id, { limit: 3 })).toEqual(["Placed(Paid(Shipped) Reserved)", 0, false, true]);
    expect(await read(shipped.id, { depth: 0 })).toEqual(["Shipped", 0, true, false]);
    expect(await read(shipped.id, { depth: 1 })).toEqual(["Shipped", 1, true, false]);
    expect(await read(shipped.id, { depth: 2 })).toEqual(["Shipped", 2, false, true]);
    expect(await read(paid.id, { depth: 1, limit: 1 })).toEqual(["Paid(Shipped)", 1, false, true]);
    for (const options of [{ depth: -1 }, { depth: 1_001 }, { limit: 10_001 }, { dept: 1 }])
      expect(await rejection(store.readCausation(placed.id, options))).toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  test("ends where causes lead in a circle", async ({ open }) => {
    const store = await open();
    await store.indexes.create("causation");
    const [a, b, c] = [1, 2, 3].map((n) => `00000000-0000-7000-8000-00000000000${n}`);
    const caused = (id?: string, causationId?: string): object => ({ type: `E${id?.at(-1)}`, data: {}, id, metadata: { causationId } });
    await store.appendToStream(
      "circle-1",
      [caused(a, c), caused(b, a), caused(c, b)].map((one) => Object(one)),
    );
    const tree = await store.readCausation(b ?? "");
    expect([drawn(tree), typesOf(tree.causes), tree.complete]).toEqual(["E2(E3(E1))", ["E1", "E3"], true]);
    const own = "00000000-0000-7000-8000-000000000009";
    await store.appendToStream("circle-2", [Object(caused(own, own))]);
    expect(await store.readCausation(own)).toMatchObject({ causes: [], effects: [], complete: true });
  });

  test("knows no event of another tenant, and no id that is no event's", async ({ open }) => {
    const store = await open();
    await store.indexes.create("causation");
    const acme = store.forTenant("acme");
    const placed = await append(store, "Placed", undefined, { correlationId: "shared" });
    const spied = await append(acme, "Spied", placed);
    await append(acme, "Stolen", spied);
    await append(store, "Paid", spied);
    expect(drawn(await store.readCausation(placed.id))).toBe("Placed");
    expect(await acme.readCausation(spied.id)).toMatchObject({ causes: [], effects: [{ event: { type: "Stolen" } }] });
    expect(await rejection(acme.readCausation(placed.id))).toMatchObject({ code: "NOT_FOUND", kind: "event", key: placed.id });
    expect(await rejection(store.readCausation("order 1"))).toMatchObject({ code: "INVALID_ARGUMENT", path: "id" });
    expect(typesOf(await acme.readCorrelation("shared").toArray())).toEqual(["Spied", "Stolen"]);
    const command = await append(store, "Asked", undefined, { causationId: "command 7" });
    expect((await store.readCausation(command.id)).causes).toEqual([]);
  });

  test("needs its indexes, and says how to create them", async ({ open, schema }) => {
    const store = await open();
    const placed = await append(store, "Placed");
    const missing = { code: "INDEX_MISSING", set: "causation", state: "missing", message: expect.stringContaining("npx tidemark indexes create causation") };
    expect(await rejection(store.readCausation(placed.id))).toMatchObject({ ...missing, index: "events_causation_idx" });
    expect(await rejection(store.readCorrelation("a").toArray())).toMatchObject({ ...missing, index: "events_correlation_idx" });
    expect(await store.indexes.list()).toEqual(
      ["events_causation_idx", "events_correlation_idx"].map((name) => ({ set: "causation", name, state: "missing", bytes: 0 })),
    );
    await store.indexes.create("causation");
    await store.indexes.create("causation");
    expect(await store.indexes.list()).toMatchObject([{ state: "valid" }, { state: "valid" }]);
    expect((await store.indexes.list()).every(({ bytes }) => bytes > 0)).toBe(true);
    expect((await store.readCausation(placed.id)).complete).toBe(true);
    // It is no structure that the schema knows, and none that it misses.
    await open({ schema, migrate: "verify" });
    await store.indexes.drop("causation");
    await store.indexes.drop("causation");
    expect(await rejection(store.readCausation(placed.id))).toMatchObject(missing);
    expect(await rejection(store.indexes.create(Object("casuation")))).toMatchObject({ code: "INVALID_ARGUMENT", path: "set" });
  });

  test("by correlation is read in the order of the log, both ways and within bounds", async ({ open }) => {
    const store = await open();
    await store.indexes.create("causation");
    const { paid, shipped } = await order(store);
    await append(store, "Alien", undefined, { correlationId: "order 1 " });
    const all = ["Placed", "Paid", "Reserved", "Shipped"];
    expect(typesOf(await store.readCorrelation("order 1").toArray())).toEqual(all);
    expect(typesOf(await store.readCorrelation("order 1", { direction: "backward", limit: 2 }).toArray())).toEqual(["Shipped", "Reserved"]);
    expect(typesOf(await store.readCorrelation("order 1", { after: paid.position, until: shipped.position - 1 }).toArray())).toEqual(["Reserved"]);
    const batches: number[] = [];
    for await (const batch of store.readCorrelation("order 1").batches(3)) batches.push(batch.length);
    expect(batches).toEqual([3, 1]);
    expect(await store.readCorrelation("none").toArray()).toEqual([]);
    expect(() => store.readCorrelation("")).toThrow("correlationId must be the text");
    const control = new AbortController();
    control.abort(new RangeError("no time"));
    expect(await rejection(store.readCorrelation("order 1", { signal: control.signal }).toArray())).toMatchObject({ message: "no time" });
    expect(await rejection(store.readCausation(paid.id, { signal: control.signal }))).toMatchObject({ message: "no time" });
  });

  test("takes ids of any length, beside which appends go on", async ({ open }) => {
    const store = await open();
    await store.indexes.create("causation");
    // It does not compress, and would not fit into an entry of an index.
    const long = `x'\\é${randomBytes(20_000).toString("hex")}`;
    await append(store, "Placed", undefined, { correlationId: long, causationId: long });
    expect(typesOf(await store.readCorrelation(long).toArray())).toEqual(["Placed"]);
    expect(await store.readCorrelation(`${long}y`).toArray()).toEqual([]);
  });

  test("is read through the catalogue", async ({ open }) => {
    const yesterday = await open();
    await yesterday.indexes.create("causation");
    const filled = await append(yesterday, "BasketFilled", undefined, { correlationId: "basket" });
    const touched = await append(yesterday, "CartTouched", filled);
    const confirmed = await append(yesterday, "CartConfirmed", touched);
    await append(yesterday, "ItemAdded", confirmed);
    const today = await open({
      events: defineEvents({
        ItemAdded: { schema: event<{ sku: string }>(), version: 2, upcast: { 1: () => ({ sku: "tea" }) }, downcast: { 2: () => ({ item: "tea" }) } },
        CartConfirmed: event<object>(),
        BasketFilled: retired(() => ["jam", "rye"].map((sku) => ({ type: "ItemAdded", schemaVersion: 2, data: { sku } })), { becomes: ["ItemAdded"] }),
        CartTouched: retired(() => [], { becomes: [] }),
      }),
    });
    // What became nothing has its effects in its place.
    const tree = await today.readCausation(filled.id);
    expect(drawn(tree)).toBe("ItemAdded(CartConfirmed(ItemAdded))");
    expect(tree.event).toMatchObject({ part: 0, data: { sku: "jam" } });
    expect(typesOf((await today.readCausation(confirmed.id)).causes)).toEqual(["ItemAdded"]);
    expect(await rejection(today.readCausation(touched.id))).toMatchObject({ code: "NOT_FOUND", message: expect.stringContaining("raw: true") });
    expect(drawn(await today.readCausation(touched.id, { raw: true }))).toBe("CartTouched(CartConfirmed(ItemAdded))");
    // What is cut below it is cut there.
    expect(drawn(await today.readCausation(filled.id, { depth: 1 }))).toBe("ItemAdded…");
    expect((await today.readCausation(filled.id, { as: { ItemAdded: 1 } })).event).toMatchObject({ schemaVersion: 1, data: { item: "tea" } });
    expect(typesOf(await today.readCorrelation("basket").toArray())).toEqual(["ItemAdded", "ItemAdded", "CartConfirmed", "ItemAdded"]);
    expect(typesOf(await today.readCorrelation("basket", { raw: true }).toArray())).toEqual(["BasketFilled", "CartTouched", "CartConfirmed", "ItemAdded"]);
  });
});
