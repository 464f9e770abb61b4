import { documentProjection, type DocumentProjection, type EventStore, type StartFrom } from "../../src/index.ts";
import type { CartEvent } from "../support/cart.ts";

export interface CartSummary {
  readonly items: number;
  readonly total: number;
  readonly confirmed: boolean;
}

const empty: CartSummary = { items: 0, total: 0, confirmed: false };

/** What the events of a cart come to, one document a cart. */
export function cartSummary(
  mode: "inline" | "async",
  more: { readonly name?: string; readonly version?: number; readonly tenants?: "own" | "all"; readonly startFrom?: StartFrom } = {},
): DocumentProjection<CartSummary> {
  const name = more.name ?? "cart-summary";
  return documentProjection<CartSummary, CartEvent>({
    name,
    mode,
    collection: name,
    documentId: (event) => event.streamId,
    evolve: {
      ItemAdded: (document = empty, { data }) => ({ ...document, items: document.items + data.quantity, total: document.total + data.quantity * data.price }),
      CartConfirmed: (document = empty) => ({ ...document, confirmed: true }),
    },
    ...more,
  });
}

/** One document a product, which carts share: how often it was added. */
export function popularity(mode: "inline" | "async"): DocumentProjection<{ readonly added: number }> {
  return documentProjection<{ readonly added: number }, CartEvent, "ItemAdded">({
    name: "popularity",
    mode,
    collection: "popularity",
    handles: ["ItemAdded"],
    documentId: ({ data }) => data.sku,
    evolve: (document, { data }) => ({ added: (document?.added ?? 0) + data.quantity }),
  });
}

/** All documents of a collection as they stand in its table, by tenant and id. */
export async function documentsIn(store: EventStore, at: string, collection: string): Promise<Record<string, object>> {
  const { rows } = await store.query<{ key: string; data: object }>(
    `select case when _partition = '' then _id else _partition || '/' || _id end as key, data operator(pg_catalog.-) '_id' as data from ${at}.${JSON.stringify(collection)} order by _partition, _id`,
  );
  return Object.fromEntries(rows.map(({ key, data }) => [key, data]));
}
