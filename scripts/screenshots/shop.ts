import { causedBy, complete, defineConsumer, defineProcess, documentProjection, type Event, type EventStore, openEventStore, timer } from "tidemark";

type ShopEvent =
  | Event<"ItemAdded", { readonly sku: string; readonly quantity: number; readonly cents: number }>
  | Event<"CartPaid", { readonly method: string; readonly email: string }>
  | Event<"CartShipped", { readonly by: string }>
  | Event<"ReviewAsked", { readonly cart: string }>;

interface Cart {
  readonly items: number;
  readonly cents: number;
  readonly state: "open" | "paid" | "shipped";
}

const shelf = [
  { sku: "tea", cents: 450 },
  { sku: "mug", cents: 1_200 },
  { sku: "kettle", cents: 3_990 },
  { sku: "honey", cents: 725 },
] as const;

export const cartDecider = {
  initialState: (): Cart => ({ items: 0, cents: 0, state: "open" }),
  evolve: (cart: Cart, event: ShopEvent): Cart => {
    if (event.type === "ItemAdded") return { ...cart, items: cart.items + event.data.quantity, cents: cart.cents + event.data.quantity * event.data.cents };
    return event.type === "CartPaid" ? { ...cart, state: "paid" } : event.type === "CartShipped" ? { ...cart, state: "shipped" } : cart;
  },
};

const carts = documentProjection<Cart, ShopEvent>({
  name: "carts",
  mode: "async",
  collection: "carts",
  handles: ["ItemAdded", "CartPaid", "CartShipped"],
  documentId: ({ streamId }) => streamId,
  evolve: (cart, event) => cartDecider.evolve(cart ?? cartDecider.initialState(), event),
});

const mailer = defineConsumer({
  name: "mailer",
  filter: { types: ["CartPaid"] },
  retry: { attempts: 1 },
  onFailure: "dead-letter",
  handle: async ({ data, streamId }) => {
    const { email }: { email?: string } = JSON.parse(JSON.stringify(data));
    if (email?.endsWith("@example.invalid") !== true) return;
    const error = new Error(`The mail for ${streamId} was refused: no such mailbox`);
    // Of the shop, not of the machine that takes the pictures.
    error.stack = `Error: ${error.message}
    at send (file:///shop/mailer.ts:31:11)
    at async handle (file:///shop/mailer.ts:12:3)`;
    throw error;
  },
});

const stock = defineConsumer({ name: "stock", handle: async () => {} });

/** Asks for a review a week after a cart was shipped. */
const reviews = defineProcess<{ readonly shipped: number }, ShopEvent>({
  name: "reviews",
  handles: ["CartShipped", "ReviewAsked"],
  instanceId: (event) => (event.type === "ReviewAsked" ? event.data.cart : event.streamId),
  initialState: () => ({ shipped: 0 }),
  evolve: ({ shipped }, event) => ({ shipped: shipped + (event.type === "CartShipped" ? 1 : 0) }),
  react: (event) =>
    event.type === "CartShipped" ? [timer("review", { in: 7 * 86_400_000 }, { type: "ReviewAsked", data: { cart: event.streamId } })] : [complete()],
});

/** Shops of others, which keep their carts in the same store. */
async function fillTenants(store: EventStore): Promise<void> {
  for (const [tenant, carts] of [
    ["copenhagen", 12],
    ["lisbon", 7],
    ["oslo", 3],
  ] as const) {
    const added = shelf.map(({ sku, cents }): ShopEvent => ({ type: "ItemAdded", data: { sku, quantity: 1, cents } }));
    for (let cart = 1; cart <= carts; cart++) await store.forTenant(tenant).appendToStream(`cart-${cart}`, added);
  }
}

/** Each adds what it wants, two of three pay, one of two is sent its things: each event because of the one before. */
async function fill(store: EventStore, first: number, last: number): Promise<void> {
  for (let customer = first; customer <= last; customer++) {
    const cart = `cart-${customer}`;
    const events: readonly ShopEvent[] = [
      ...Array.from({ length: 2 + (customer % 5) }, (_, n): ShopEvent => {
        const { sku, cents } = shelf[(customer + n) % shelf.length] ?? shelf[0];
        return { type: "ItemAdded", data: { sku, quantity: 1 + (n % 3), cents } };
      }),
      ...(customer % 3 === 0
        ? []
        : [{ type: "CartPaid", data: { method: "card", email: customer % 10 === 0 ? "gone@example.invalid" : "ada@example.com" } } as const]),
      ...(customer % 6 === 1 || customer % 6 === 5 ? [{ type: "CartShipped", data: { by: "Grace" } } as const] : []),
    ];
    for (const event of events) {
      const [before] = await store.readStream(cart, { direction: "backward", limit: 1 }).toArray();
      await store.appendToStream(cart, [{ ...event, metadata: { ...(before && causedBy(before)), actorId: `customer-${customer}` } }]);
    }
  }
}

/** A shop that is open. */
export interface Shop extends AsyncDisposable {
  readonly store: EventStore;
}

/** A store with a shop whose mailer fails for some, and whose stock counter is paused and behind. */
export async function openShop(url: string): Promise<Shop> {
  const store = await openEventStore(url, { projections: [carts], logger: { debug() {}, info() {}, warn() {}, error() {} } });
  await store.indexes.create("causation");
  const worker = store.createWorker({ consumers: [mailer, stock], projections: [carts], processes: [reviews], onError: () => {} });
  await worker.start();
  await fillTenants(store);
  await fill(store, 1, 30);
  await worker.caughtUp();
  await store.consumers.pause("stock", { reason: "Counting by hand", by: "ada" });
  await fill(store, 31, 40);
  return {
    store,
    [Symbol.asyncDispose]: async () => {
      await worker.stop();
      await store.close();
    },
  };
}
