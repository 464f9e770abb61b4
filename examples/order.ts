// An order as an aggregate class: created, shipped, checked, its events listed; then what the connection pool has to say.
// Run: node --conditions=source examples/order.ts (with DATABASE_URL on a server, else on an embedded PostgreSQL)
import { aggregate, type Event, isTidemarkError, openEventStore, repository } from "tidemark";

type OrderEvent =
  | Event<"OrderCreated", { customer: string; lines: { sku: string; quantity: number; cents: number }[] }>
  | Event<"OrderShipped", { carrier: string; tracking: string }>
  | Event<"OrderCancelled", { reason: string }>;

interface OrderState {
  readonly status: "new" | "created" | "shipped" | "cancelled";
  readonly cents: number;
  readonly tracking?: string;
}

class Order extends aggregate<OrderState, OrderEvent>({
  category: "order",
  initialState: () => ({ status: "new", cents: 0 }),
  evolve: {
    OrderCreated: (state, { data }) => ({ ...state, status: "created", cents: data.lines.reduce((sum, line) => sum + line.quantity * line.cents, 0) }),
    OrderShipped: (state, { data }) => ({ ...state, status: "shipped", tracking: data.tracking }),
    OrderCancelled: (state) => ({ ...state, status: "cancelled" }),
  },
}) {
  create(customer: string, lines: { sku: string; quantity: number; cents: number }[]): void {
    if (this.state.status !== "new") throw new Error(`order ${this.id} exists already`);
    if (lines.length === 0) throw new Error("an order needs a line");
    this.apply({ type: "OrderCreated", data: { customer, lines } });
  }

  ship(carrier: string, tracking: string): void {
    if (this.state.status !== "created") throw new Error(`order ${this.id} is ${this.state.status}, so it cannot be shipped`);
    this.apply({ type: "OrderShipped", data: { carrier, tracking } });
  }

  cancel(reason: string): void {
    if (this.state.status === "shipped") throw new Error(`order ${this.id} is shipped, so it cannot be cancelled`);
    this.apply({ type: "OrderCancelled", data: { reason } });
  }
}

const url = process.env["DATABASE_URL"];
const options = { schema: `orders_${Date.now()}` };
const store = await (url === undefined ? openEventStore(options) : openEventStore(url, options));
const orders = repository(store, Order);

// Create.
const order = await orders.loadOrCreate("1001");
order.create("ada", [
  { sku: "tea", quantity: 2, cents: 450 },
  { sku: "mug", quantity: 1, cents: 1_200 },
]);
const created = await orders.save(order, { metadata: { actorId: "ada" } });
console.log(`created at version ${created?.version}: ${order.state.cents / 100}`);

// Ship. Whoever loaded it before and acts later loses, and nothing is overwritten.
const stale = await orders.load("1001");
await orders.update("1001", (loaded) => loaded.ship("post", "T-42"), { metadata: { actorId: "warehouse" } });
stale.cancel("changed my mind");
const conflict = await orders.save(stale).catch((error: unknown) => error);
if (isTidemarkError(conflict, "VERSION_CONFLICT")) console.log(`cancelling lost: ${conflict.streamId} is at version ${conflict.actual} by now`);

// Verify.
const { state, version } = await orders.load("1001");
console.log(`loaded at version ${version}: ${state.status} with ${state.tracking}`);
await orders.update("1001", (loaded) => loaded.cancel("too late")).catch((error: Error) => console.log(error.message));

// List the events.
for await (const event of store.readStream<OrderEvent>("order-1001")) console.log(`${event.version} ${event.type} by ${event.metadata.actorId}`);

// The pool's statistics: of a server's connections, where an embedded database has one.
interface ServerPool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}
const isServerPool = (pool: unknown): pool is ServerPool => typeof pool === "object" && pool !== null && "totalCount" in pool;
const { pool } = store;
console.log(isServerPool(pool) ? `${pool.totalCount} connections, ${pool.idleCount} idle, ${pool.waitingCount} callers wait` : "1 connection, embedded");
await store.close();
// => created at version 1: 21
// => cancelling lost: order-1001 is at version 2 by now
// => loaded at version 2: shipped with T-42
// => order 1001 is shipped, so it cannot be cancelled
// => 1 OrderCreated by ada
// => 2 OrderShipped by warehouse
// => 1 connection, embedded
