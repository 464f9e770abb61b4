import pg from "pg";
import { confirmed, itemAdded } from "../support/cart.ts";
import { describe, expect } from "../support/test.ts";
import { drivers } from "../contract/drivers.ts";
import { cartSummary, documentsIn, popularity } from "./carts.ts";
import { defineProjection, documentProjection, type Event, type TidemarkError } from "../../src/index.ts";

describe.for(drivers)("an async document projection on $driver", ({ test }) => {
  test("brings documents up to date, from the beginning of the log and then live", async ({ open, schema }) => {
    const at = pg.escapeIdentifier(schema);
    const store = await open({ projections: [cartSummary("async"), popularity("async")] });
    await store.appendToStream("cart-1", [itemAdded("tea", 2, 3), confirmed]);
    await store.appendToStream("cart-2", [itemAdded("tea", 1, 3), itemAdded("cake", 1, 4)]);
    await using worker = store.createWorker();
    await worker.start();
    await worker.caughtUp();
    expect(await documentsIn(store, at, "cart-summary")).toEqual({
      "cart-1": { items: 2, total: 6, confirmed: true },
      "cart-2": { items: 2, total: 7, confirmed: false },
    });
    expect(await documentsIn(store, at, "popularity")).toEqual({ tea: { added: 3 }, cake: { added: 1 } });
    await store.appendToStream("cart-2", [itemAdded("cake", 5, 4)]);
    await worker.caughtUp();
    expect(await documentsIn(store, at, "popularity")).toEqual({ tea: { added: 3 }, cake: { added: 6 } });
  });

  test.for([
    ["the end", "end", { "cart-1": { items: 1, total: 5, confirmed: false } }],
    ["a position", { after: 1 }, { "cart-1": { items: 1, total: 5, confirmed: true } }],
  ] as const)("begins at %s where it is told to, and goes on from there", async ([, startFrom, expected], { open, schema }) => {
    const at = pg.escapeIdentifier(schema);
    const summary = cartSummary("async", { startFrom });
    const store = await open({ projections: [summary] });
    await store.appendToStream("cart-1", [itemAdded("tea", 2, 3), confirmed]);
    const worker = store.createWorker();
    await worker.start();
    await worker.caughtUp();
    await worker.stop();
    await store.appendToStream("cart-1", [itemAdded("cake", 1, 5)]);
    await worker.start();
    await worker.caughtUp();
    await worker.stop();
    expect(await documentsIn(store, at, "cart-summary")).toEqual(expected);
  });

  test("changes several documents by one event, deletes, and passes events that it ignores", async ({ open, schema }) => {
    type GroupEvent = Event<"Joined" | "Left", { readonly groups: readonly string[] }> | Event<"Looked", object>;
    const groups = documentProjection<{ readonly members: readonly string[]; readonly group?: string }, GroupEvent, GroupEvent["type"]>({
      name: "groups",
      mode: "async",
      collection: "groups",
      handles: ["Joined", "Left", "Looked"],
      documentId: ({ type, data }) => ("groups" in data && type !== "Looked" ? data.groups : null),
      evolve: (document, { type, streamId }, id) => {
        const members = (document?.members ?? []).filter((member) => member !== streamId);
        if (type === "Joined") return { members: [...members, streamId], group: id };
        return members.length === 0 ? null : { members };
      },
    });
    const store = await open({ projections: [groups] });
    await store.appendToStream("ann", [
      { type: "Joined", data: { groups: ["a", "b", "a"] } },
      { type: "Looked", data: {} },
    ]);
    await store.appendToStream("bob", [{ type: "Joined", data: { groups: ["b", "c"] } }]);
    await using worker = store.createWorker();
    await worker.start();
    await worker.caughtUp();
    await store.appendToStream("bob", [
      { type: "Left", data: { groups: ["c", "b"] } },
      { type: "Left", data: { groups: [] } },
    ]);
    await worker.caughtUp();
    expect(await documentsIn(store, pg.escapeIdentifier(schema), "groups")).toEqual({ a: { members: ["ann"], group: "a" }, b: { members: ["ann"] } });
  });

  test("keeps tenants apart: one collection, and no document is seen or changed across", async ({ open, schema }) => {
    const at = pg.escapeIdentifier(schema);
    const store = await open({ projections: [popularity("async")] });
    const acme = store.forTenant("acme");
    await acme.appendToStream("cart-1", [itemAdded("tea", 5)]);
    await store.appendToStream("cart-1", [itemAdded("tea", 1)]);
    await using own = store.createWorker();
    await own.start();
    await own.caughtUp();
    expect(await documentsIn(store, at, "popularity")).toEqual({ tea: { added: 1 } });
    await using theirs = acme.createWorker();
    await theirs.start();
    await theirs.caughtUp();
    expect(await documentsIn(store, at, "popularity")).toEqual({ tea: { added: 1 }, "acme/tea": { added: 5 } });
  });

  test("of all tenants writes each event's into its tenant", async ({ open, schema }) => {
    const store = await open({ projections: [cartSummary("async", { tenants: "all" })] });
    await store.forTenant("acme").appendToStream("cart-1", [itemAdded("tea", 5, 1)]);
    await store.forTenant("bolt").appendToStream("cart-1", [itemAdded("tea", 2, 1)]);
    await using worker = store.createWorker();
    await worker.start();
    await worker.caughtUp();
    expect(await documentsIn(store, pg.escapeIdentifier(schema), "cart-summary")).toMatchObject({ "acme/cart-1": { items: 5 }, "bolt/cart-1": { items: 2 } });
  });

  test("stands still at an event that it cannot take, with everything before it done", async ({ open, schema }) => {
    const at = pg.escapeIdentifier(schema);
    const errors: TidemarkError[] = [];
    const picky = documentProjection<{ readonly n: number }>({
      name: "picky",
      mode: "async",
      collection: "picky",
      handles: ["Counted"],
      documentId: ({ streamId }) => streamId,
      evolve: (document, { data }) => {
        if (data === "poison") throw new Error("cannot count that");
        return { n: (document?.n ?? 0) + 1 };
      },
    });
    const store = await open({ projections: [picky] });
    await store.appendToStream("a", [
      { type: "Counted", data: 1 },
      { type: "Counted", data: 2 },
    ]);
    await store.appendToStream("b", [
      { type: "Counted", data: "poison" },
      { type: "Counted", data: 3 },
    ]);
    await store.appendToStream("a", [{ type: "Counted", data: 4 }]);
    await using worker = store.createWorker({ onError: (error) => void errors.push(error) });
    await worker.start();
    await expect(worker.caughtUp()).rejects.toMatchObject({ code: "HANDLER_FAILED", cause: { code: "PROJECTION_FAILED", projection: "picky", streamId: "b" } });
    expect(await documentsIn(store, at, "picky")).toEqual({ a: { n: 2 } });
    expect(errors.at(-1)?.message).toContain("store.projections.resume");
  });
});

describe.for(drivers)("an async projection with SQL of your own on $driver", ({ test }) => {
  test.for([true, false])("runs setup once, and its effects commit with the checkpoint (in batches: %s)", async (inBatches, { open, schema }) => {
    const at = pg.escapeIdentifier(schema);
    let setups = 0;
    let teardowns = 0;
    const add = "insert into public.revenue values ($1, $2)";
    const common = {
      name: "revenue",
      mode: "async",
      handles: ["ItemAdded"],
      setup: async (tx) => {
        setups++;
        await tx.query("create table public.revenue (position bigint primary key, amount int)");
      },
      teardown: async (tx) => {
        teardowns++;
        await tx.query("drop table public.revenue");
      },
    } as const satisfies Partial<Parameters<typeof defineProjection>[0]>;
    const revenue = inBatches
      ? defineProjection({
          ...common,
          handleBatch: async (events, tx) => {
            for (const { position } of events) await tx.query(add, [position, events.length]);
          },
        })
      : defineProjection({ ...common, handle: async ({ position }, tx) => void (await tx.query(add, [position, tx.replaying ? -1 : 1])) });
    const store = await open({ projections: [revenue] });
    await open({ projections: [revenue] });
    expect(setups).toBe(1);
    await store.appendToStream("cart-1", [itemAdded(), confirmed, itemAdded(), itemAdded()]);
    await using worker = store.createWorker();
    await worker.start();
    await worker.caughtUp();
    const { rows } = await store.query("select amount from public.revenue order by position");
    expect(rows).toEqual(Array.from({ length: 3 }, () => ({ amount: inBatches ? 3 : 1 })));
    expect((await store.query(`select from ${at}.consumer_shards where position = 4`)).rowCount).toBe(1);

    // What was written stays while the projection can be taken up again.
    await store.projections.deactivate("revenue");
    await worker.stop();
    expect(teardowns).toBe(0);
    await store.query("drop table public.revenue");
  });
});
