import { append, defineEvents, defineProcess, documentProjection, event, type Event, type EventStore, timer } from "tidemark";
import { studio } from "@tidemark/studio";
import type { CatalogueCheckReport, CatalogueReport } from "../src/wire/catalogue-reports.ts";
import type { InstancePage, ProcessesPage, TimersPage } from "../src/wire/process-reports.ts";
import type { DocumentReport, DocumentsPage, ProjectionCheckReport, ProjectionsReport } from "../src/wire/projection-reports.ts";
import { describe, eventually, expect, test } from "../../tidemark/test/support/test.ts";
import { get, report } from "./support.ts";

interface Cart {
  readonly items: number;
  readonly email: string;
}

const carts = documentProjection<Cart, Event<"ItemAdded", { readonly quantity: number }>, "ItemAdded">({
  name: "carts",
  mode: "inline",
  collection: "carts",
  handles: ["ItemAdded"],
  documentId: ({ streamId }) => streamId,
  evolve: (document, { data }) => ({ items: (document?.items ?? 0) + data.quantity, email: "ada@example.com" }),
});

/** Until appends write it, documents lack events. */
async function live(store: EventStore): Promise<void> {
  await eventually(async () => expect((await store.projections.get("carts")).state).toBe("live"));
}

const added = (quantity: number): Event => ({ type: "ItemAdded", data: { quantity } });
const whereOf = (...conditions: readonly unknown[]): string => encodeURIComponent(JSON.stringify(conditions));

describe("projections", () => {
  test("are listed with their versions, and compared with the log", async ({ openStore, schema, sql }) => {
    const store = await openStore({ projections: [carts] });
    await store.appendToStream("cart-1", [added(2), added(3)]);
    await live(store);
    const panel = studio(store, { schema });
    const { projections } = await report<ProjectionsReport>(panel, "/api/projections");
    expect(projections).toMatchObject([
      { name: "carts", version: 1, mode: "inline", state: "live", serving: true, collection: "carts", build: null, error: null },
    ]);
    expect(await report<ProjectionCheckReport>(panel, "/api/projection-check?name=carts")).toMatchObject({ kind: "checked", compared: 1, different: 0 });
    await sql.query(
      `set session_replication_role = replica; update "${schema.replaceAll('"', '""')}".carts__v1 set data = '{"items": 4, "email": "x"}'; set session_replication_role = origin`,
    );
    expect(await report<ProjectionCheckReport>(panel, "/api/projection-check?name=carts&version=1")).toMatchObject({
      different: 1,
      differences: [{ id: "cart-1", stored: expect.stringContaining('"items":4'), folded: '{"items":5,"email":"ada@example.com"}' }],
    });
    const masked = studio(store, { schema, maskDerived: () => ["email"] });
    expect(JSON.stringify(await report(masked, "/api/projection-check?name=carts"))).not.toContain("ada@example.com");
    expect((await get(panel, "/api/projection-check?name=absent")).status).toBe(404);
    expect((await get(panel, "/api/projection-check?name=carts&version=9")).status).toBe(404);
    expect(await report<ProjectionCheckReport>(studio(await openStore(), { schema }), "/api/projection-check?name=carts")).toMatchObject({ kind: "unknown" });
  });
});

describe("documents", () => {
  test("are found by conditions, a page after the other, and one comes with its stream", async ({ openStore, schema }) => {
    const store = await openStore({ projections: [carts] });
    for (const [id, quantity] of [
      ["cart-1", 1],
      ["cart-2", 5],
      ["cart-3", 9],
    ] as const)
      await store.appendToStream(id, [added(quantity)]);
    await live(store);
    const panel = studio(await openStore(), { schema });
    const ids = async (query: string): Promise<readonly [readonly string[], string | null]> => {
      const { documents, next } = await report<DocumentsPage>(panel, `/api/documents?collection=carts${query}`);
      return [documents.map(({ id }) => id), next];
    };
    expect(await ids("")).toEqual([["cart-1", "cart-2", "cart-3"], null]);
    expect(await ids("&limit=2")).toEqual([["cart-1", "cart-2"], "cart-2"]);
    expect(await ids("&limit=2&after=cart-2")).toEqual([["cart-3"], null]);
    expect(await ids(`&where=${whereOf(["items", "gte", 5], ["items", "lt", 9])}`)).toEqual([["cart-2"], null]);
    expect(await ids(`&where=${whereOf(["_id", "eq", "cart-3"])}`)).toEqual([["cart-3"], null]);
    expect(await ids(`&where=${whereOf(["absent", "exists", true])}`)).toEqual([[], null]);
    const one = await report<DocumentReport>(panel, "/api/document?collection=carts&id=cart-2");
    expect(one).toEqual({
      document: { id: "cart-2", version: 1, isDeleted: false, data: '{"email":"ada@example.com","items":5}', masked: false },
      stream: { version: 1, events: [expect.objectContaining({ type: "ItemAdded", streamId: "cart-2", version: 1 })] },
    });
    expect((await get(panel, "/api/document?collection=carts&id=absent")).status).toBe(404);
    expect((await get(panel, "/api/documents?collection=absent")).status).toBe(404);
  });

  test.for([
    ["no JSON", "x"],
    ["no list", "{}"],
    ["an operator that there is not", JSON.stringify([["items", "like", 1]])],
    ["the inside of a filter", JSON.stringify([["OR", "eq", []]])],
    ["a path that is none", JSON.stringify([["a..b", "eq", 1]])],
    ["more conditions than a page has", JSON.stringify(Array.from({ length: 11 }, () => ["items", "eq", 1]))],
  ] as const)("asked for by %s are refused", async ([, where], { openStore, schema }) => {
    const store = await openStore({ projections: [carts] });
    const response = await get(studio(store, { schema }), `/api/documents?collection=carts&where=${encodeURIComponent(where)}`);
    expect(response.status).toBe(400);
  });

  test("are masked, and cannot be asked for by what is masked", async ({ openStore, schema }) => {
    const store = await openStore({ projections: [carts] });
    await store.appendToStream("cart-1", [added(2)]);
    await live(store);
    const panel = studio(store, { schema, maskDerived: ({ kind, name }) => (kind === "document" && name === "carts" ? ["email"] : []) });
    const page = await report<DocumentsPage>(panel, "/api/documents?collection=carts");
    expect(page).toMatchObject({ onlyIds: true, documents: [{ data: '{"email":"••••••","items":2}', masked: true }] });
    expect((await report<DocumentReport>(panel, "/api/document?collection=carts&id=cart-1")).document.data).not.toContain("ada");
    expect((await get(panel, `/api/documents?collection=carts&where=${whereOf(["email", "gte", "a"])}`)).status).toBe(400);
    expect((await get(panel, `/api/documents?collection=carts&where=${whereOf(["_id", "eq", "cart-1"])}`)).status).toBe(200);
    const whole = await report<DocumentsPage>(studio(store, { schema, mask: () => [] }), "/api/documents?collection=carts");
    expect(whole.documents).toMatchObject([{ data: '"••••••"', masked: true }]);
  });
});

describe("processes and timers", () => {
  const ordering = defineProcess<{ readonly seen: readonly string[] }, Event<"OrderPlaced" | "OrderFailed" | "Reminded", object>>({
    name: "ordering",
    handles: ["OrderPlaced", "OrderFailed", "Reminded"],
    instanceId: ({ streamId }) => streamId,
    initialState: () => ({ seen: [] }),
    evolve: ({ seen }, { type }) => ({ seen: [...seen, type] }),
    react: ({ type, streamId }) => {
      if (type === "OrderFailed") throw new Error("cannot react");
      return [append(`notes-${streamId}`, [{ type: "Noted", data: { secret: 7 } }]), timer("remind", { in: 3_600_000 }, { type: "Reminded", data: {} })];
    },
  });

  test("are listed by status, and an instance comes with its inputs, commands and timers", async ({ store, schema, onTestFinished }) => {
    await store.appendToStream("order-1", [{ type: "OrderPlaced", data: {} }]);
    await store.appendToStream("order-2", [
      { type: "OrderPlaced", data: {} },
      { type: "OrderFailed", data: {} },
    ]);
    const worker = store.createWorker({ processes: [ordering], leaseMs: 2_000, onError: () => {} });
    onTestFinished(() => worker.stop());
    await worker.start();
    await eventually(async () => expect((await store.processes.list({ status: "parked" })).map(({ id }) => id)).toEqual(["order-2"]));
    await eventually(async () => expect((await store.readStream("notes-order-1").toArray()).length).toBe(1));
    const panel = studio(store, { schema });
    const page = await report<ProcessesPage>(panel, "/api/processes?limit=1");
    expect(page).toMatchObject({ instances: [{ name: "ordering", id: "order-1", status: "running", inputs: 1 }], next: page.instances[0]?.number });
    expect((await report<ProcessesPage>(panel, `/api/processes?after=${page.next}`)).instances.map(({ id }) => id)).toEqual(["order-2"]);
    expect((await report<ProcessesPage>(panel, "/api/processes?status=parked")).instances).toMatchObject([
      { id: "order-2", error: "cannot react", handled: 1, inputs: 2 },
    ]);
    expect((await report<ProcessesPage>(panel, "/api/processes?name=absent")).instances).toEqual([]);
    expect((await get(panel, "/api/processes?status=odd")).status).toBe(400);
    expect(page.versions).toMatchObject([{ name: "ordering", version: 1, workers: 1 }]);

    const one = await report<InstancePage>(panel, "/api/process?name=ordering&id=order-2");
    expect(one).toMatchObject({
      state: '{"seen":["OrderPlaced"]}',
      inputs: [
        { number: 1, handled: true, event: { type: "OrderPlaced" } },
        { number: 2, handled: false, event: { type: "OrderFailed" } },
      ],
      commands: [{ input: 1, kind: "append", streamId: "notes-order-2" }],
      timers: [{ key: "remind" }],
    });
    expect((await get(panel, "/api/process?name=ordering&id=absent")).status).toBe(404);
    const masked = JSON.stringify(await report(studio(store, { schema, mask: () => ["data"] }), "/api/process?name=ordering&id=order-2"));
    expect(masked).not.toContain("secret");
    expect(masked).not.toContain('"seen"');
  });

  test("timers come by due time, a page after the other", async ({ store, schema }) => {
    for (const n of [3, 1, 2]) await store.schedule(`cart-${n}`, { type: "Reminded", data: {} }, { key: `k-${n}`, in: n * 3_600_000 });
    const panel = studio(store, { schema });
    const first = await report<TimersPage>(panel, "/api/timers?limit=2");
    expect(first.timers.map(({ key, streamId }) => [key, streamId])).toEqual([
      ["k-1", "cart-1"],
      ["k-2", "cart-2"],
    ]);
    const second = await report<TimersPage>(panel, `/api/timers?limit=2&afterDue=${first.next?.dueAt}&afterKey=${first.next?.key}`);
    expect([second.timers.map(({ key }) => key), second.next]).toEqual([["k-3"], null]);
  });
});

describe("the catalogue", () => {
  test("tells of the types that are stored, and what the application's catalogue cannot read", async ({ store, openStore, schema }) => {
    await store.appendToStream("cart-1", [added(1), added(2), { type: "Unheard", data: {} }]);
    const { types } = await report<CatalogueReport>(studio(store, { schema }), "/api/catalogue");
    expect(types).toMatchObject([
      { name: "ItemAdded", count: 2 },
      { name: "Unheard", count: 1 },
    ]);
    expect(await report<CatalogueCheckReport>(studio(store, { schema }), "/api/catalogue-check")).toEqual({ kind: "no-catalogue" });
    const withCatalogue = await openStore({ events: defineEvents({ ItemAdded: event<{ quantity: number }>() }) });
    const checked = await report<CatalogueCheckReport>(studio(withCatalogue, { schema }), "/api/catalogue-check");
    expect(checked).toMatchObject({
      kind: "checked",
      checked: 3,
      failed: 1,
      types: [
        { type: "ItemAdded", schemaVersion: 1, count: 2, failed: 0 },
        { type: "Unheard", failed: 1, problems: [{ message: expect.any(String) }] },
      ],
    });
  });
});
