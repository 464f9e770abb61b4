import pg from "pg";
import { defineProjection, documentProjection, type EventStore } from "../../../src/index.ts";
import { drivers } from "../../contract/drivers.ts";
import { itemAdded } from "../../support/cart.ts";
import { describe, eventually, expect, test as onServer } from "../../support/test.ts";
import { cartSummary, popularity } from "../carts.ts";
import { holdingUpWrites } from "../holding-up.ts";

const tea = itemAdded("tea", 1, 1);

/** Changes what stands in a table, as a mistake would. */
async function spoil(store: EventStore, at: string, id: string): Promise<void> {
  await store.query(`update ${at}."cart-summary__v1" set data = pg_catalog.jsonb_set(data, '{items}', '999') where _id = $1`, [id]);
}

describe.for(drivers)("rebuilding one document on $driver", ({ test }) => {
  test.for(["inline", "async"] as const)("makes it of its events anew, and leaves others as they are: %s", async (mode, { open, schema }) => {
    const at = pg.escapeIdentifier(schema);
    const projection = cartSummary(mode, { tenants: "all" });
    const store = await open({ projections: [projection] });
    const worker = mode === "async" ? store.createWorker() : undefined;
    await worker?.start();
    const acme = store.forTenant("acme");
    for (const one of [store, acme]) {
      for (const id of ["cart-1", "cart-2"]) await one.appendToStream(id, [tea, tea]);
    }
    await worker?.caughtUp();
    const documents = store.documents(projection);
    for (const id of ["cart-1", "cart-2"]) await spoil(store, at, id);
    expect(await store.projections.rebuildDocument("cart-summary", "cart-1")).toEqual({
      changed: true,
      events: 2,
      document: { items: 2, total: 2, confirmed: false },
    });
    expect(await documents.get("cart-1")).toMatchObject({ items: 2 });
    expect(await documents.get("cart-2")).toMatchObject({ items: 999 });
    expect(await acme.documents(projection).get("cart-1")).toMatchObject({ items: 999 });
    expect(await store.projections.rebuildDocument("cart-summary", "cart-1")).toMatchObject({ changed: false });
    expect(await acme.projections.rebuildDocument("cart-summary", "cart-1")).toMatchObject({ changed: true });
    expect(await acme.documents(projection).get("cart-1")).toMatchObject({ items: 2 });

    await store.query(`delete from ${at}."cart-summary__v1" where _id = 'cart-2'`);
    expect(await store.projections.rebuildDocument("cart-summary", "cart-2", { version: 1 })).toMatchObject({ changed: true, events: 2 });
    await store.query(`insert into ${at}."cart-summary__v1" (_id, data) values ('cart-9', '{"_id": "cart-9"}')`);
    expect(await store.projections.rebuildDocument("cart-summary", "cart-9")).toEqual({ changed: true, events: 0, document: undefined });
    expect(await documents.get("cart-9")).toBeUndefined();
    await store.appendToStream("cart-2", [tea]);
    await worker?.caughtUp();
    expect(await documents.get("cart-2")).toMatchObject({ items: 3 });
    await worker?.stop();
  });

  test("takes the events of all streams that change it", async ({ open, schema }) => {
    const shared = popularity("inline");
    const store = await open({ projections: [shared] });
    for (const id of ["cart-1", "cart-2", "cart-3"]) await store.appendToStream(id, [tea, itemAdded("cup", 5, 1)]);
    await store.query(`update ${pg.escapeIdentifier(schema)}.popularity__v1 set data = '{"_id": "tea", "added": 0}' where _id = 'tea'`);
    expect(await store.projections.rebuildDocument("popularity", "tea")).toEqual({ changed: true, events: 3, document: { added: 3 } });
    expect(await store.documents(shared).get("cup")).toMatchObject({ added: 15 });
  });

  test("goes no further than the follower of its projection", async ({ open, schema }) => {
    const projection = cartSummary("async");
    const store = await open({ projections: [projection] });
    const worker = store.createWorker();
    await worker.start();
    await store.appendToStream("cart-1", [tea]);
    await worker.caughtUp();
    await store.projections.pause("cart-summary");
    await store.appendToStream("cart-1", [tea]);
    await spoil(store, pg.escapeIdentifier(schema), "cart-1");
    expect(await store.projections.rebuildDocument("cart-summary", "cart-1")).toMatchObject({ changed: true, events: 1, document: { items: 1 } });
    await store.projections.resume("cart-summary");
    await worker.caughtUp();
    expect(await store.documents(projection).get("cart-1")).toMatchObject({ items: 2 });
    await worker.stop();
  });

  test.for([
    ["the end of the log", "end", 1],
    ["a position", { after: 1 }, 2],
  ] as const)("makes a document of the events since %s, where its projection began", async ([, startFrom, events], { open, schema }) => {
    const late = cartSummary("async", { startFrom });
    const store = await open({ projections: [late] });
    await store.appendToStream("cart-1", [tea, tea]);
    expect(await store.projections.rebuildDocument("cart-summary", "cart-1")).toEqual({ changed: false, events: 0, document: undefined });
    const worker = store.createWorker();
    await worker.start();
    await store.appendToStream("cart-1", [tea]);
    await worker.caughtUp();
    await worker.stop();
    await spoil(store, pg.escapeIdentifier(schema), "cart-1");
    // A definition that was changed since says nothing about where the documents begin.
    const changed = await open({ projections: [cartSummary("async", { startFrom: "beginning" })] });
    expect(await changed.projections.rebuildDocument("cart-summary", "cart-1")).toMatchObject({ changed: true, events, document: { items: events } });
    expect(await store.projections.rebuildDocument("cart-summary", "cart-1")).toMatchObject({ changed: false, events });
    expect(await store.projections.check("cart-summary")).toMatchObject({ compared: 1, different: 0 });
  });

  test("is refused where it cannot be done, and then changes nothing", async ({ open, schema }) => {
    let broken = false;
    const fragile = documentProjection<object>({
      name: "cart-summary",
      mode: "inline",
      collection: "cart-summary",
      handles: ["ItemAdded"],
      documentId: ({ streamId }) => streamId,
      evolve: () => {
        if (broken) throw new Error("not today");
        return { items: 1 };
      },
    });
    const sql = defineProjection({ name: "sql", mode: "inline", handles: ["A"], handle: () => {} });
    const store = await open({ projections: [fragile, sql] });
    await store.appendToStream("cart-1", [tea]);
    await spoil(store, pg.escapeIdentifier(schema), "cart-1");
    broken = true;
    await expect(store.projections.rebuildDocument("cart-summary", "cart-1")).rejects.toMatchObject({ code: "PROJECTION_FAILED", documentId: "cart-1" });
    expect(await store.documents(fragile).get("cart-1")).toMatchObject({ items: 999 });
    await expect(store.projections.rebuildDocument("cart-sumary", "cart-1")).rejects.toThrow('Did you mean "cart-summary"');
    await expect(store.projections.rebuildDocument("sql", "cart-1")).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("no documents"),
    });
    await expect(store.projections.rebuildDocument("cart-summary", "")).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "id" });
    const stranger = await open();
    await expect(stranger.projections.rebuildDocument("cart-summary", "cart-1")).rejects.toThrow("this store was opened without");
    await expect(store.projections.rebuildDocument("cart-summary", "cart-1", { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  });
});

describe("rebuilding a document beside its writers", () => {
  onServer("waits for an append that changes it, and has its event", async ({ openStore, sql, schema }) => {
    const at = pg.escapeIdentifier(schema);
    const projection = cartSummary("inline");
    const store = await openStore({ projections: [projection] });
    await store.appendToStream("cart-1", [tea]);
    await spoil(store, at, "cart-1");
    await holdingUpWrites(sql, `${at}."cart-summary__v1"`, async (release) => {
      const appending = store.transaction((tx) => tx.appendToStream("cart-1", [tea]));
      await waiting(sql, "tidemark_write_document", 1);
      const rebuilding = store.projections.rebuildDocument("cart-summary", "cart-1");
      await waiting(sql, "tidemark_lock_documents", 1);
      await release();
      await appending;
      expect(await rebuilding).toMatchObject({ events: 2, document: { items: 2 } });
    });
    expect(await store.documents(projection).get("cart-1")).toMatchObject({ items: 2 });
  });

  onServer("keeps an append waiting that comes while it writes", async ({ openStore, sql, schema }) => {
    const at = pg.escapeIdentifier(schema);
    const projection = cartSummary("inline");
    const store = await openStore({ projections: [projection] });
    await store.appendToStream("cart-1", [tea]);
    await spoil(store, at, "cart-1");
    await holdingUpWrites(sql, `${at}."cart-summary__v1"`, async (release) => {
      const rebuilding = store.projections.rebuildDocument("cart-summary", "cart-1");
      await waiting(sql, "tidemark_write_document", 1);
      const appending = store.transaction((tx) => tx.appendToStream("cart-1", [tea]));
      await waiting(sql, "tidemark", 2);
      await release();
      expect(await rebuilding).toMatchObject({ changed: true, events: 1 });
      await appending;
    });
    expect(await store.documents(projection).get("cart-1")).toMatchObject({ items: 2 });
  });

  onServer("waits for the follower, and the follower for it", async ({ openStore, sql, schema }) => {
    const at = pg.escapeIdentifier(schema);
    const projection = cartSummary("async");
    const store = await openStore({ projections: [projection] });
    await using worker = store.createWorker();
    await worker.start();
    await store.appendToStream("cart-1", [tea]);
    await worker.caughtUp();
    await spoil(store, at, "cart-1");
    await holdingUpWrites(sql, `${at}."cart-summary__v1"`, async (release) => {
      await store.appendToStream("cart-1", [tea]);
      await waiting(sql, "tidemark_write_document", 1);
      const rebuilding = store.projections.rebuildDocument("cart-summary", "cart-1");
      await waiting(sql, "tidemark_hold_documents", 1);
      await release();
      expect(await rebuilding).toMatchObject({ changed: true, events: 2, document: { items: 2 } });
    });
    await spoil(store, at, "cart-1");
    await holdingUpWrites(sql, `${at}."cart-summary__v1"`, async (release) => {
      const rebuilding = store.projections.rebuildDocument("cart-summary", "cart-1");
      await waiting(sql, "tidemark_write_document", 1);
      await store.appendToStream("cart-1", [tea]);
      await waiting(sql, "enter_shard", 1);
      await release();
      await rebuilding;
    });
    await worker.caughtUp();
    expect(await store.documents(projection).get("cart-1")).toMatchObject({ items: 3 });
  });
});

/** Until so many sessions wait for a lock in a statement like that. */
async function waiting(sql: pg.Pool, like: string, count: number): Promise<void> {
  await eventually(async () => {
    const { rows } = await sql.query<{ n: number }>(
      "select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query ~ $1",
      [like],
    );
    expect(rows[0]?.n).toBeGreaterThanOrEqual(count);
  });
}
