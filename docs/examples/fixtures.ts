// What the examples of docstrings speak of: a store, a cart, its projection. Each is imported where an example names it.
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import {
  aggregate,
  complete,
  type Decider,
  decider,
  defineProcess,
  documentProjection,
  type Event,
  type EventStore,
  type Logger,
  type MultiStreamDecider,
  type NewEvent,
  openEventStore,
  type Process,
} from "tidemark";

export type { Knex } from "knex";
export type { Kysely } from "kysely";
export type { Sql } from "postgres";
export type { DataSource } from "typeorm";
export type DrizzleDatabase = NodePgDatabase;
/** A table of the reader's. */
export interface Tables {
  readonly orders: { readonly id: string };
}
/** As much of a Prisma client as an example uses: the real one is generated for a schema. */
export interface PrismaDatabase {
  $transaction<T>(work: (tx: PrismaTransaction) => Promise<T>): Promise<T>;
}
interface PrismaTransaction {
  $queryRawUnsafe<T = unknown>(text: string, ...values: readonly unknown[]): Promise<T>;
  $executeRawUnsafe(text: string, ...values: readonly unknown[]): Promise<number>;
}

export type ItemAdded = Event<"ItemAdded", { sku: string; quantity: number; price: number }>;
export type CartEvent = ItemAdded | Event<"CartConfirmed", { at: string }>;
export type CartCommand = { kind: "add"; sku: string } | { kind: "confirm" };
export interface CartState {
  readonly items: number;
}
export interface CartSummary {
  readonly items: number;
  readonly total: number;
  readonly confirmed: boolean;
}

export const itemAdded: NewEvent<ItemAdded> = { type: "ItemAdded", data: { sku: "tea", quantity: 1, price: 3 } };

export const cart: Decider<CartState, CartCommand, CartEvent> = decider<CartState, CartCommand, CartEvent>({
  initialState: () => ({ items: 0 }),
  evolve: (state, event) => (event.type === "ItemAdded" ? { items: state.items + event.data.quantity } : state),
  decide: (command, state) => {
    if (command.kind === "add") return [{ type: "ItemAdded", data: { sku: command.sku, quantity: 1, price: 3 } }];
    if (state.items === 0) throw new Error("the cart is empty");
    return [{ type: "CartConfirmed", data: { at: "noon" } }];
  },
});

export const checkout: Process<CartState, CartEvent> = defineProcess<CartState, CartEvent>({
  name: "checkout",
  handles: ["ItemAdded", "CartConfirmed"],
  instanceId: (event) => event.streamId,
  initialState: () => ({ items: 0 }),
  evolve: (state, event) => (event.type === "ItemAdded" ? { items: state.items + event.data.quantity } : state),
  react: (event) => (event.type === "CartConfirmed" ? [complete()] : []),
});

export const merge: MultiStreamDecider<CartState, { from: string; to: string }, CartEvent> = {
  reads: ({ from, to }) => [from, to],
  initialState: () => ({ items: 0 }),
  evolve: (state, event) => (event.type === "ItemAdded" ? { items: state.items + event.data.quantity } : state),
  decide: ({ to }) => [{ streamId: to, events: [{ type: "CartConfirmed", data: { at: "noon" } }] }],
};

const none: CartSummary = { items: 0, total: 0, confirmed: false };

export const cartSummary = documentProjection<CartSummary, CartEvent>({
  name: "cart-summary",
  mode: "inline",
  collection: "cart_summaries",
  documentId: (event) => event.streamId,
  evolve: {
    ItemAdded: (document = none, { data }) => ({ ...document, items: document.items + data.quantity, total: document.total + data.quantity * data.price }),
    CartConfirmed: (document = none) => ({ ...document, confirmed: true }),
  },
});

export class Order extends aggregate<{ shipped: boolean }, Event<"OrderShipped", { parcel: string }>>({
  category: "order",
  initialState: () => ({ shipped: false }),
  evolve: { OrderShipped: () => ({ shipped: true }) },
}) {
  ship(parcel: string): void {
    this.apply({ type: "OrderShipped", data: { parcel } });
  }
}

export const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} };
export const store: EventStore = await openEventStore({ projections: [cartSummary], logger: quiet });
await store.appendToStream("cart-42", [itemAdded]);

/** What some call was rejected with. */
export const error: unknown = new Error("anything");
/** A transaction of the reader's, begun by a driver of the reader's. */
export const transaction = { query: async (_text: string, _values: unknown[]): Promise<{ rows: unknown[] }> => ({ rows: [] }) };
export const laws: (readonly [string, () => Promise<void>])[] = [];
export async function sendMail(_text: string): Promise<void> {}
