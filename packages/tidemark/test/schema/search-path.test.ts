import pg from "pg";
import { defineConsumer, documentProjection, type EventStore, openEventStore } from "../../src/index.ts";
import { type CartEvent, confirmed, itemAdded } from "../support/cart.ts";
import { overloadCalls, overloadsSql, withOverloads } from "../support/overloads.ts";
import { eventually, expect, test as base } from "../support/test.ts";

/** `openHostile`: a store, and clients, in a database where `public` is searched and full of overloads. */
const test = base.extend("hostileUrl", { scope: "file" }, async ({ databaseUrl }) => {
  const client = new pg.Client({ connectionString: databaseUrl, options: "-c search_path=" });
  await client.connect();
  if (!withOverloads) await client.query(overloadsSql());
  await client.query(`alter database ${new URL(databaseUrl).pathname.slice(1)} set search_path = public`);
  await client.end();
  return databaseUrl;
});

interface Summary {
  readonly items: number;
  readonly at: string;
  readonly customer: { readonly city: string };
}

const summary = documentProjection<Summary, CartEvent>({
  name: "summary",
  version: 1,
  mode: "inline",
  collection: "summaries",
  indexes: [{ path: "customer.city" }, { path: "items" }],
  handles: ["ItemAdded", "CartConfirmed"],
  documentId: (event) => event.streamId,
  evolve: (document, event) => ({
    items: (document?.items ?? 0) + (event.type === "ItemAdded" ? event.data.quantity : 0),
    at: "2026-11-20T10:00:00.5Z",
    customer: { city: "Pisa" },
  }),
});

async function useAll(store: EventStore): Promise<void> {
  const tagged = { ...itemAdded(), tags: ["a", "b"] };
  await Promise.all([
    store.appendToStream("cart-1", [tagged], { expectedVersion: "no-stream" }),
    store.appendToStream("cart-2", [tagged, confirmed], { expectedVersion: 0 }),
    store.appendToStreams([
      { streamId: "cart-3", events: [itemAdded()] },
      { streamId: "cart-4", events: [], expectedVersion: 0 },
    ]),
  ]);
  const query = [{ types: ["ItemAdded" as const], tags: ["a", "b"] }];
  const { boundary } = await store.readBoundary(query);
  await store.append([tagged], { streamId: "cart-1", condition: { query, after: boundary } });
  expect(await store.readStream("cart-1", { asOf: new Date(Date.now() + 86_400_000), direction: "backward" }).toArray()).toHaveLength(2);
  const filter = [{ types: ["ItemAdded"], categories: ["cart"], streamIds: ["cart-1"], tags: ["a"], data: { sku: "tea" } }];
  expect(await store.readAll({ filter }).toArray()).toHaveLength(2);
  expect(await store.readAll({ tenants: "all", filter }).toArray()).toHaveLength(2);
  expect(await store.readAll().toArray()).toHaveLength(5);
  expect(await store.blockers()).toEqual([]);
}

test("the overloads are there and run where a statement names no schema", async ({ hostileUrl, sql }) => {
  const client = new pg.Client(hostileUrl);
  await client.connect();
  await client.query("begin");
  await expect(client.query("select cardinality('{a}'::text[])")).rejects.toThrow("the overload cardinality(text[]) ran");
  await client.query("rollback");
  await expect(client.query("select '{a}'::text[] @> '{a}'::text[]")).rejects.toThrow("the overload operator (text[], text[]) ran");
  await client.end();
  expect(await overloadCalls(hostileUrl)).toBe(2);
  await sql.query("alter sequence public.overload_calls restart");
});

test("appends, reads, documents and consumers run no overload", async ({ hostileUrl, schema }) => {
  await using store = await openEventStore(hostileUrl, { schema, projections: [summary] });
  await useAll(store);
  const documents = store.documents(summary);
  const wheres = [
    { items: { gte: 1 }, "customer.city": "Pisa" },
    { "customer.city": { in: ["Pisa", "Rome"] } },
    { customer: { contains: { city: "Pisa" } } },
    { at: { gt: new Date("2026-11-19T00:00:00Z") } },
    { at: { exists: true }, NOT: { items: { lt: 0 } } },
  ] as const;
  for (const where of wheres) expect(await documents.find({ where, orderBy: { items: "desc" } }), JSON.stringify(where)).toHaveLength(3);
  expect(await documents.count({ where: { "customer.city": "x".repeat(200) } })).toBe(0);
  expect(await documents.getMany(["cart-1", "cart-2"])).toHaveLength(2);
  expect(await store.projections.list()).toHaveLength(1);

  const seen: string[] = [];
  const mailer = defineConsumer<CartEvent>({ name: "mailer", filter: { types: ["ItemAdded"] }, handle: (event) => void seen.push(event.streamId) });
  const worker = store.createWorker({ consumers: [mailer] });
  await worker.start();
  await worker.caughtUp();
  await worker.stop();
  expect(seen.toSorted()).toEqual(["cart-1", "cart-1", "cart-2", "cart-3"]);
  expect(await store.consumers.list()).toHaveLength(1);
  expect(await overloadCalls(hostileUrl)).toBe(0);
});

test("appends in a transaction of the caller's run none of those that the caller's search_path finds", async ({ hostileUrl, schema }) => {
  await using store = await openEventStore(hostileUrl, { schema, projections: [summary] });
  const client = new pg.Client(hostileUrl);
  await client.connect();
  for (const level of ["read committed", "serializable"]) {
    await client.query(`begin isolation level ${level}`);
    const tx = store.withTransaction(client);
    await tx.appendToStreams([
      { streamId: `cart-${level}`, events: [{ ...itemAdded(), tags: ["a", "b"] }] },
      { streamId: "limit-1", events: [], expectedVersion: 0 },
    ]);
    expect(await tx.readStream(`cart-${level}`).toArray()).toHaveLength(1);
    await tx.readAll({ filter: [{ tags: ["a", "b"] }] }).toArray();
    await client.query("commit");
  }
  await client.end();
  await eventually(async () => expect(await store.readAll().toArray()).toHaveLength(2));
  expect(await overloadCalls(hostileUrl)).toBe(0);
});
