// A cart's events through four years. Each year's code has a catalogue of its own and appends in its own shape; all of them read
// everything that was written before. A projection and a consumer live through all of it: their places in the log stay, whatever an event
// is called meanwhile. Nothing that is stored is ever changed.
// Run: node --conditions=source examples/four-versions.ts
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asDate, type Consumer, defineConsumer, defineEvents, documentProjection, event, type EventStore, openEventStore, retired } from "tidemark";
import { z } from "zod";

const folder = await mkdtemp(join(tmpdir(), "four-versions-"));
const url = `file:${folder}`;

/** A year's worker: it handles what has come since it ran last. */
async function work(store: Pick<EventStore, "createWorker">, consumer: Consumer): Promise<void> {
  const worker = store.createWorker({ consumers: [consumer] });
  await worker.start();
  await worker.caughtUp();
  await worker.stop();
}

interface Product {
  readonly sold: number;
}
const receipts: string[] = [];

// The first year.
const first = defineEvents({
  ItemAdded: z.object({ sku: z.string(), quantity: z.number().int().positive() }),
  CouponShown: event<{ coupon: string }>(),
  CartConfirmed: event<{ at: string; email: string }>(),
});
const productsBySku = documentProjection({
  name: "products",
  mode: "inline",
  collection: "products",
  events: first,
  handles: ["ItemAdded"],
  documentId: ({ data }) => data.sku,
  evolve: (product: Product | undefined, { data }) => ({ sold: (product?.sold ?? 0) + data.quantity }),
});
const confirmationMailer = defineConsumer({
  name: "mailer",
  events: first,
  filter: { types: ["CartConfirmed"] },
  handle: ({ data }) => void receipts.push(`${data.email} for a confirmation`),
});
{
  const store = await openEventStore(url, { events: first, projections: [productsBySku] });
  await store.appendToStream("cart-1", [
    { type: "ItemAdded", data: { sku: "tea", quantity: 2 } },
    { type: "CouponShown", data: { coupon: "SPRING" } },
    { type: "CartConfirmed", data: { at: "2023-03-01T10:00:00Z", email: "ada@example.com" } },
  ]);
  await work(store, confirmationMailer);
  await store.close();
}

// The second year adds a field. What is stored has none, so a step gives it the value that it had all along. The projection and the
// consumer stay as they are: another field changes nothing for code that does not know it.
const second = defineEvents({
  ItemAdded: {
    schema: z.object({ sku: z.string(), quantity: z.number().int().positive(), gift: z.boolean().default(false) }),
    version: 2,
    upcast: { 1: ({ data }) => ({ ...data, gift: false }) },
  },
  CouponShown: event<{ coupon: string }>(),
  CartConfirmed: event<{ at: string; email: string }>(),
});
{
  const store = await openEventStore(url, { events: second, projections: [productsBySku] });
  await store.appendToStream("cart-2", [
    { type: "ItemAdded", data: { sku: "mug", quantity: 1, gift: true } },
    { type: "CartConfirmed", data: { at: "2024-07-01T10:00:00Z", email: "eve@example.com" } },
  ]);
  await work(store, confirmationMailer);
  await store.close();
}

// The third year calls a field otherwise. Code that still knows the old shape gets it by a downcast. The projection is written anew for the
// new name, under the same version: it makes the same documents.
const thirdItem = {
  schema: z.object({ product: z.string(), quantity: z.number().int().positive(), gift: z.boolean().default(false) }),
  version: 3,
  upcast: {
    1: ({ data }: { data: { sku: string; quantity: number } }) => ({ ...data, gift: false }),
    2: ({ data: { sku, ...rest } }: { data: { sku: string; quantity: number; gift: boolean } }) => ({ product: sku, ...rest }),
  },
  downcast: { 3: ({ data: { product, ...rest } }: { data: { product: string; quantity: number; gift: boolean } }) => ({ sku: product, ...rest }) },
};
const third = defineEvents({ ItemAdded: thirdItem, CouponShown: event<{ coupon: string }>(), CartConfirmed: event<{ at: string; email: string }>() });
const products = documentProjection({
  name: "products",
  mode: "inline",
  collection: "products",
  events: third,
  handles: ["ItemAdded"],
  documentId: ({ data }) => data.product,
  evolve: (product: Product | undefined, { data }) => ({ sold: (product?.sold ?? 0) + data.quantity }),
});
{
  const store = await openEventStore(url, { events: third, projections: [products] });
  await store.appendToStream("cart-3", [
    { type: "ItemAdded", data: { product: "tea", quantity: 4 } },
    { type: "CartConfirmed", data: { at: "2025-01-01T10:00:00Z", email: "kim@example.com" } },
  ]);
  const [asBefore] = await store.readStream("cart-1", { as: { ItemAdded: 2 } }).toArray();
  console.log(`for code of the second year: ${JSON.stringify(asBefore?.data)}`);
  await store.close();
}

// The fourth year splits one event into two, keeps a date as a Date, and has no coupons any more. The mailer asks for the new event. It goes
// on where it stopped, so that a cart that was confirmed last year gets its receipt, and none gets a second one.
const fourth = defineEvents({
  ItemAdded: thirdItem,
  CartOrdered: { schema: z.object({ at: z.date() }), stored: { at: asDate } },
  ReceiptRequested: event<{ email: string }>(),
  CartConfirmed: retired(
    ({ data: { at, email } }) => [
      { type: "CartOrdered", data: { at } },
      { type: "ReceiptRequested", data: { email } },
    ],
    { becomes: ["CartOrdered", "ReceiptRequested"] },
  ),
  CouponShown: retired(() => [], { becomes: [] }),
});
const mailer = defineConsumer({
  name: "mailer",
  events: fourth,
  filter: { types: ["ReceiptRequested"] },
  handle: ({ data, part }) => void receipts.push(`${data.email} for ${part === undefined ? "a request" : `part ${part} of a confirmation`}`),
});
{
  const store = await openEventStore(url, { events: fourth, projections: [products] });
  await store.appendToStream("cart-4", [
    { type: "ItemAdded", data: { product: "jam", quantity: 1 } },
    { type: "CartOrdered", data: { at: new Date("2026-11-20T10:00:00Z") } },
    { type: "ReceiptRequested", data: { email: "bob@example.com" } },
  ]);
  for await (const found of store.readAll({ filter: { types: ["ItemAdded"] } }))
    console.log(`${found.streamId}: ${found.data.quantity} × ${found.data.product}${found.data.gift ? ", as a gift" : ""}`);
  const ordered = await store.readAll({ filter: { types: ["CartOrdered"] } }).toArray();
  console.log(`ordered in ${ordered.map(({ data }) => data.at.getUTCFullYear()).join(", ")}`);

  await work(store, mailer);
  console.log(`receipts to ${receipts.join(", ")}`);
  console.log(`sold: ${(await store.documents(products).find({ orderBy: { sold: "desc" } })).map(({ sold }) => sold).join(", ")}`);

  const stored = await store.readAll({ raw: true }).toArray();
  console.log(`stored: ${stored.map(({ type, schemaVersion }) => `${type} ${schemaVersion}`).join(", ")}`);
  await store.close();
}
await rm(folder, { recursive: true });
// => for code of the second year: {"sku":"tea","quantity":2,"gift":false}
// => cart-1: 2 × tea
// => cart-2: 1 × mug, as a gift
// => cart-3: 4 × tea
// => cart-4: 1 × jam
// => ordered in 2023, 2024, 2025, 2026
// => receipts to ada@example.com for a confirmation, eve@example.com for a confirmation, kim@example.com for part 1 of a confirmation, bob@example.com for a request
// => sold: 6, 1, 1
// => stored: ItemAdded 1, CouponShown 1, CartConfirmed 1, ItemAdded 2, CartConfirmed 1, ItemAdded 3, CartConfirmed 1, ItemAdded 3, CartOrdered 1, ReceiptRequested 1
