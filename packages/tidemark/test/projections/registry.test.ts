import pg from "pg";
import { confirmed, itemAdded } from "../support/cart.ts";
import { describe, eventually, expect, test as onServer } from "../support/test.ts";
import { drivers } from "../contract/drivers.ts";
import { defineProjection, documentProjection, type StoreTransaction } from "../../src/index.ts";
import { cartSummary, documentsIn } from "./carts.ts";

describe.for(drivers)("store.projections on $driver", ({ test }) => {
  test("lists what every store registered, with mode, state, position and lag", async ({ open }) => {
    const before = await open();
    await before.appendToStream("cart-1", [itemAdded(), confirmed]);
    const store = await open({ projections: [cartSummary("inline", { name: "inlined" }), cartSummary("async", { name: "later", version: 3 })] });
    expect(await before.projections.list()).toMatchObject([
      { name: "inlined", version: 1, mode: "inline", state: "live", position: 2, lag: { events: 0, seconds: 0 }, collection: "inlined" },
      { name: "later", version: 3, mode: "async", state: "stopped", position: 0, lag: { events: 2 }, collection: "later", lastError: undefined },
    ]);
    await using worker = store.createWorker();
    await worker.start();
    await worker.caughtUp();
    expect(await store.projections.get("later")).toMatchObject({ position: 2, lag: { events: 0 } });
    expect(await store.consumers.list()).toEqual([]);
    await expect(store.projections.get("lather")).rejects.toThrow('There is no projection "lather". Did you mean "later"?');
    await expect(store.projections.pause("later", { version: 2 })).rejects.toThrow("There is version 3");
  });

  test("pauses an inline one: appends leave it as it is, and resume brings it up to date", async ({ open, schema }) => {
    const at = pg.escapeIdentifier(schema);
    const [store, other] = [await open({ projections: [cartSummary("inline")] }), await open({ projections: [cartSummary("inline")] })];
    await store.appendToStream("cart-1", [itemAdded("tea", 1, 1)]);
    await store.projections.pause("cart-summary");
    await other.appendToStream("cart-1", [itemAdded("tea", 1, 1)]);
    await store.appendToStream("cart-1", [itemAdded("tea", 1, 1)]);
    expect(await store.projections.get("cart-summary")).toMatchObject({ state: "paused", position: 1, lag: { events: 2 } });
    expect(await documentsIn(store, at, "cart-summary")).toMatchObject({ "cart-1": { items: 1 } });
    await store.projections.resume("cart-summary");
    await eventually(async () => expect(await store.projections.get("cart-summary")).toMatchObject({ state: "live" }));
    await other.appendToStream("cart-1", [itemAdded("tea", 1, 1)]);
    expect(await documentsIn(store, at, "cart-summary")).toMatchObject({ "cart-1": { items: 4 } });
    await store.projections.resume("cart-summary");
    expect(await store.projections.get("cart-summary")).toMatchObject({ state: "live" });
  });

  test("pauses, deactivates and resumes an async one", async ({ open, schema }) => {
    const at = pg.escapeIdentifier(schema);
    const store = await open({ projections: [cartSummary("async")] });
    await using worker = store.createWorker();
    await worker.start();
    await store.appendToStream("cart-1", [itemAdded("tea", 1, 1)]);
    await worker.caughtUp();
    for (const stop of ["pause", "deactivate"] as const) {
      await store.projections[stop]("cart-summary");
      const { position } = await store.appendToStream("cart-1", [itemAdded("tea", 1, 1)]);
      expect(await store.projections.get("cart-summary")).toMatchObject({ state: stop === "pause" ? "paused" : "inactive", lag: { events: 1 } });
      await expect(store.waitFor("cart-summary", position, { timeoutMs: 50 })).rejects.toMatchObject({
        code: "WAIT_TIMEOUT",
        waitedFor: "cart-summary",
        reached: position - 1,
      });
      await store.projections.resume("cart-summary");
      await store.waitFor("cart-summary", position, { timeoutMs: 60_000 });
    }
    expect(await documentsIn(store, at, "cart-summary")).toMatchObject({ "cart-1": { items: 3 } });
  });

  test("tells why one stopped, and at which event; resume tries it again", async ({ open, schema }) => {
    let broken = true;
    const picky = documentProjection<object>({
      name: "picky",
      mode: "async",
      collection: "picky",
      handles: ["A"],
      documentId: ({ streamId }) => streamId,
      evolve: () => {
        if (broken) throw new Error("not today");
        return {};
      },
    });
    const store = await open({ projections: [picky] });
    await store.appendToStream("a", [{ type: "A", data: 1 }]);
    await using worker = store.createWorker({ onError: () => {} });
    await worker.start();
    await expect(worker.caughtUp()).rejects.toMatchObject({ code: "HANDLER_FAILED" });
    await eventually(async () =>
      expect(await store.projections.get("picky")).toMatchObject({
        state: "failed",
        lastError: { code: "PROJECTION_FAILED", message: expect.stringContaining("not today") },
        failingEvent: { position: 1, streamId: "a" },
      }),
    );
    broken = false;
    await store.projections.resume("picky");
    await store.waitFor("picky", 1, { timeoutMs: 60_000 });
    expect(await documentsIn(store, pg.escapeIdentifier(schema), "picky")).toEqual({ a: {} });
  });

  test("waitFor waits for a projection that nobody follows yet, and for none that is unknown", async ({ open }) => {
    const store = await open({ projections: [cartSummary("async"), cartSummary("inline", { name: "inlined" })] });
    const { position } = await store.appendToStream("cart-1", [itemAdded()]);
    await store.waitFor("inlined", position, { timeoutMs: 60_000 });
    const waiting = store.waitFor("cart-summary", position, { timeoutMs: 60_000 });
    await using worker = store.createWorker();
    await worker.start();
    await waiting;
    await expect(store.waitFor("nobody", position)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("refuses what contradicts the registry or itself", async ({ open }) => {
    await open({ projections: [cartSummary("inline")] });
    await expect(open({ projections: [cartSummary("async")] })).rejects.toMatchObject({
      code: "PROJECTION_CHANGED",
      projection: "cart-summary",
      version: 1,
      changed: "mode",
      message: expect.stringMatching(/is async here, but version 1 is registered as inline\..*Set version: 2/),
    });
    await expect(open({ projections: [cartSummary("inline"), cartSummary("inline")] })).rejects.toThrow('holds "cart-summary" with version 1 twice');
    const thief = documentProjection<object>({
      name: "thief",
      mode: "async",
      collection: "cart-summary",
      handles: ["A"],
      documentId: () => "a",
      evolve: () => ({}),
    });
    await expect(open({ projections: [thief] })).rejects.toThrow('which is that of "cart-summary"');
    await expect(open({ projections: [thief, cartSummary("inline")] })).rejects.toThrow("with one collection");
    // @ts-expect-error -- it is none
    await expect(open({ projections: [{}] })).rejects.toThrow("options.projections[0] must be what documentProjection or defineProjection returns");
  });

  test("refuses to read an inline one that stands still at an event, as its documents lack what came since", async ({ open }) => {
    const counter = (version: number, broken = false) =>
      documentProjection<{ readonly n: number }>({
        name: "counter",
        version,
        mode: "inline",
        collection: "counters",
        handles: ["Counted"],
        documentId: ({ streamId }) => streamId,
        evolve: (document, { data }) => {
          if (broken && data === "bad") throw new Error("not this one");
          return { n: (document?.n ?? 0) + 1 };
        },
      });
    const first = await open({ projections: [counter(1)] });
    for (const data of ["good", "bad", "good"]) await first.appendToStream("c-1", [{ type: "Counted", data }]);
    await first.appendToStream("c-2", [{ type: "Counted", data: "good" }]);
    const second = counter(2, true);
    const store = await open({ projections: [counter(1), second] });
    const stopped = {
      code: "PROJECTION_STOPPED",
      projection: "counter",
      version: 2,
      streamId: "c-1",
      position: 2,
      message: expect.stringMatching(/it stopped at the event at position 2.*not this one/s),
    };
    await eventually(async () => expect(await store.projections.get("counter", { version: 2 })).toMatchObject({ state: "failed", lastError: {} }));
    // Its worker tells the database at a heartbeat.
    await eventually(() => expect(store.documents(second).get("c-2")).rejects.toMatchObject(stopped));
    const documents = store.documents(second);
    for (const read of ["find", "first", "page", "count"] as const) await expect(documents[read]()).rejects.toMatchObject(stopped);
    for (const reading of [() => documents.get("c-1"), () => documents.getMany(["c-1"])]) await expect(reading()).rejects.toMatchObject(stopped);
    await store.transaction((tx) => expect(tx.documents(second).first()).rejects.toMatchObject(stopped));
    expect(await store.documents(counter(1)).get("c-2")).toMatchObject({ n: 1 });
    expect(await store.documents<{ readonly n: number }>("counters").get("c-1")).toMatchObject({ n: 3 });
    await store.close();
    const reader = await open();
    await expect(reader.documents(second).get("c-2")).rejects.toMatchObject(stopped);
    const mended = await open({ projections: [counter(1), counter(2)] });
    await mended.projections.resume("counter", { version: 2 });
    await eventually(async () => expect(await mended.documents(counter(2)).get("c-1")).toMatchObject({ n: 3 }));
  });

  test("refuses one of another collection than it was registered with, when the store opens", async ({ open }) => {
    const define = (collection: string, version = 1) =>
      documentProjection<object>({ name: "moved", version, mode: "inline", collection, handles: ["A"], documentId: () => "a", evolve: () => ({}) });
    const sql = defineProjection({ name: "moved", mode: "inline", handles: ["A"], handle: () => {} });
    const store = await open({ projections: [define("before")] });
    const refused = { code: "PROJECTION_CHANGED", changed: "collection", message: expect.stringMatching(/"moved".*"after".*version 1.*"before"/) };
    await expect(open({ projections: [define("after")] })).rejects.toMatchObject(refused);
    await expect(open({ projections: [sql] })).rejects.toMatchObject({ message: expect.stringContaining("without a collection") });
    await open({ projections: [define("before"), define("before", 2)] });
    await store.appendToStream("a", [{ type: "A", data: 1 }]);
    expect(await store.documents(define("before")).count()).toBe(1);
  });
});

onServer("a process that stands still while it registers is ended by the server, so that others get on", async ({ openStore }) => {
  const seen: unknown[] = [];
  const setup = async (tx: StoreTransaction): Promise<void> => {
    const { rows } = await tx.query("select pg_catalog.current_setting('idle_in_transaction_session_timeout') as limit");
    seen.push(...rows);
  };
  await openStore({ projections: [defineProjection({ name: "set-up", mode: "inline", handles: ["A"], setup, handle: () => {} })] });
  expect(seen).toEqual([{ limit: "10s" }]);
});
