import { setTimeout as delay } from "node:timers/promises";
import { isTidemarkError } from "../../errors/errors.ts";
import type { RecordedEvent } from "../../model/event.ts";
import type { EventStore } from "../../store/event-store.ts";
import { openEventStore } from "../../store/open-event-store.ts";
import { loggerOf } from "../connection.ts";
import type { Terminal } from "../terminal.ts";
import { loadStudio } from "../studio/serve.ts";
import { type CartEvent, emptyCart, evolve } from "./cart.ts";
import { openShop } from "./open-shop.ts";

export interface ShopOptions {
  readonly url?: string;
  readonly schema: string;
  readonly events: number;
  /** Shows the shop in the browser afterwards, until a signal. */
  readonly studio?: boolean;
  readonly json?: boolean;
}

const customers = 40;
const shelf = [
  { sku: "tea", price: 4.5 },
  { sku: "mug", price: 12 },
  { sku: "kettle", price: 39.9 },
  { sku: "honey", price: 7.25 },
];

/** The demo from start to end. Every number that it prints is counted or measured. */
export async function runShop(options: ShopOptions, terminal: Terminal): Promise<void> {
  const say = options.json ? (text: string) => terminal.say(text) : (text: string) => terminal.print(text);
  const title = (text: string): void => {
    if (options.json) return terminal.say(text);
    terminal.print();
    terminal.print(text, "bold");
  };

  // Before the shop is built for nothing.
  if (options.studio) await loadStudio();
  title(options.url === undefined ? "Opening a store on an embedded PostgreSQL, in memory" : "Opening a store");
  const opening = performance.now();
  const storeOptions = { schema: options.schema, logger: loggerOf(terminal) };
  await using store = await (options.url === undefined ? openEventStore<CartEvent>(storeOptions) : openEventStore<CartEvent>(options.url, storeOptions));
  say(`  open after ${ms(opening)}`);
  // What this run writes, also where the store has seen the demo before.
  const before = await store.highWaterMark();
  const run = Date.now().toString(36);
  const cartOf = (customer: number): string => `cart-${run}-${customer}`;

  title(`${customers} customers fill their carts at the same time`);
  const filling = performance.now();
  await fillCarts(store, cartOf, options.events - 2, terminal);
  const appendMs = performance.now() - filling;
  say(`  ${options.events - 2} events appended in ${appendMs.toFixed(0)} ms, each by a call of its own: ${rate(options.events - 2, appendMs)} a second`);

  title("Two clerks ship the same cart");
  await shipTwice(store, cartOf(1), say);

  title("A payment is sent twice, as when its first answer was lost");
  const last = await payTwice(store, cartOf(2), say);

  title("A cart is what its events say");
  const cart = await store.aggregateStream(cartOf(2), { initialState: () => emptyCart, evolve });
  const items = [...cart.state.items].map(([sku, quantity]) => `${quantity} × ${sku}`).join(", ");
  say(`  ${cartOf(2)} at version ${cart.version}: ${items}; ${(cart.state.cents / 100).toFixed(2)} euros, ${cart.state.paid ? "paid" : "not paid"}`);

  title("All of it again, in the order of the log");
  await reached(store, last);
  const reading = performance.now();
  const log = await readLog(store, before, `cart-${run}-`);
  const readMs = performance.now() - reading;
  if (!log.inOrder || log.events !== options.events) {
    throw new Error(
      `The log holds ${log.events} of ${options.events} events, ${log.inOrder ? "in order" : "out of order"}. This is a bug in tidemark; please report it.`,
    );
  }
  for (const [type, count] of log.types) say(`  ${type.padEnd(12)} ${count}`);
  say(`  ${log.events} events of ${log.streams} carts read in ${readMs.toFixed(0)} ms: ${rate(log.events, readMs)} a second`);
  say("  none is missing, positions rise, and no cart skips a version");
  if (options.json) {
    terminal.printJson({
      events: log.events,
      streams: log.streams,
      types: Object.fromEntries(log.types),
      inOrder: log.inOrder,
      appendMs: Math.round(appendMs),
      readMs: Math.round(readMs),
    });
  }
  if (options.studio)
    await openShop(
      store,
      cartOf,
      {
        port: 0,
        role: options.url === undefined ? "admin" : "viewer",
        schema: options.schema,
        tenants: "all",
        showing: { deciders: { cart: { initialState: () => emptyCart, evolve } } },
        tell: say,
      },
      terminal,
    );
}

/** Each customer adds one thing after another, and each waits for the answer before the next. */
async function fillCarts(store: EventStore<CartEvent>, cartOf: (customer: number) => string, events: number, terminal: Terminal): Promise<void> {
  let left = events;
  let appended = 0;
  const told = setInterval(() => terminal.say(`  … ${appended} of ${events}`), 2_000);
  const shop = async (customer: number): Promise<void> => {
    for (let visit = 0; left > 0; visit++) {
      left--;
      const { sku, price } = shelf[(customer + visit) % shelf.length] ?? { sku: "tea", price: 4.5 };
      await store.appendToStream(cartOf(customer), [{ type: "ItemAdded", data: { sku, quantity: 1 + (visit % 3), price } }]);
      appended++;
    }
  };
  try {
    await Promise.all(Array.from({ length: customers }, (_, index) => shop(index + 1)));
  } finally {
    clearInterval(told);
  }
}

/** Both read the cart at the same version, both decide to ship it: one wins, the other reads again and decides again. */
async function shipTwice(store: EventStore<CartEvent>, streamId: string, say: (text: string) => void): Promise<void> {
  const ship = async (clerk: string): Promise<void> => {
    const { state, version } = await store.aggregateStream(streamId, { initialState: () => emptyCart, evolve });
    if (state.shippedBy !== undefined) return say(`  ${clerk} sees that ${state.shippedBy} shipped it at version ${version}, and does nothing`);
    await store.appendToStream(streamId, [{ type: "CartShipped", data: { by: clerk } }], { expectedVersion: version });
    say(`  ${clerk} ships it: version ${version + 1}`);
  };
  const outcomes = await Promise.allSettled([ship("Ada"), ship("Ben")]);
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === "fulfilled") continue;
    if (!isTidemarkError(outcome.reason, "VERSION_CONFLICT")) throw outcome.reason;
    const clerk = index === 0 ? "Ada" : "Ben";
    say(`  ${clerk} gets a ${outcome.reason.name}: the cart is at ${outcome.reason.actual}`);
    await ship(clerk);
  }
}

/** The same event id with the same content is the same event, however often it is sent. */
async function payTwice(store: EventStore<CartEvent>, streamId: string, say: (text: string) => void): Promise<number> {
  const payment = { type: "CartPaid" as const, data: { method: "card" }, id: crypto.randomUUID() };
  const first = await store.appendToStream<CartEvent>(streamId, [payment]);
  const second = await store.appendToStream<CartEvent>(streamId, [payment]);
  if (first.version !== second.version) throw new Error("A payment was written twice. This is a bug in tidemark; please report it.");
  say(`  first answer: version ${first.version}, second answer: version ${second.version}; written once`);
  return second.position;
}

/** Readers of the log stop before what another append, of another demo say, could still slip below. */
async function reached(store: EventStore<CartEvent>, position: number): Promise<void> {
  for (let waited = 0; waited < 500 && (await store.highWaterMark()) < position; waited++) await delay(10);
}

interface Log {
  readonly events: number;
  readonly streams: number;
  readonly types: ReadonlyMap<string, number>;
  readonly inOrder: boolean;
}

async function readLog(store: EventStore<CartEvent>, after: number, prefix: string): Promise<Log> {
  const versions = new Map<string, number>();
  const types = new Map<string, number>();
  let events = 0;
  let last = 0;
  let inOrder = true;
  const check = (event: RecordedEvent<CartEvent>): void => {
    inOrder &&= event.position > last && event.version === (versions.get(event.streamId) ?? 0) + 1;
    last = event.position;
    versions.set(event.streamId, event.version);
    types.set(event.type, (types.get(event.type) ?? 0) + 1);
    events++;
  };
  for await (const event of store.readAll({ after })) if (event.streamId.startsWith(prefix)) check(event);
  return { events, streams: versions.size, types, inOrder };
}

function ms(since: number): string {
  return `${(performance.now() - since).toFixed(0)} ms`;
}

function rate(count: number, duration: number): string {
  return Math.round((count / duration) * 1000).toLocaleString("en");
}
