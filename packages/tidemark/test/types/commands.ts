import {
  aggregate,
  type AggregateHistory,
  causedBy,
  type CommandMiddleware,
  type CommandOptions,
  type CommandResult,
  type Decider,
  decider,
  type Event,
  executeCommand,
  handleCommand,
  type MetadataSource,
  type MultiStreamDecider,
  type RecordedEvent,
  type Repository,
  repository,
  withMetadata,
} from "tidemark";
import { cartStore, same, store, type CartEvent } from "./cart.ts";

interface CartState {
  readonly items: readonly string[];
}
type CartCommand = { readonly kind: "add"; readonly sku: string } | { readonly kind: "confirm" };

// Types from the type arguments.
const cart = decider<CartState, CartCommand, CartEvent>({
  initialState: () => ({ items: [] }),
  evolve: (state, event) => {
    same<CartEvent>()(event);
    return event.type === "ItemAdded" ? { items: [...state.items, event.data.sku] } : state;
  },
  decide: (command, state) => {
    same<CartState>()(state);
    return command.kind === "add" ? [{ type: "ItemAdded", data: { sku: command.sku, quantity: 1, price: 1 }, tags: ["cart:1"] }] : [];
  },
  name: "cart",
  snapshot: { every: 100, stateVersion: 1 },
});
same<Decider<CartState, CartCommand, CartEvent>>()(cart);

// A policy of one's own sees the state.
decider<CartState, CartCommand, CartEvent>({
  ...cart,
  snapshot: {
    when: ({ state, version, eventsSince }) => {
      same<CartState>()(state);
      return state.items.length + version + eventsSince > 100;
    },
  },
});
// @ts-expect-error -- a policy is a number or a function
decider<CartState, CartCommand, CartEvent>({ ...cart, snapshot: { every: "100" } });

// Types from annotated functions, what decide returns included.
const counter = decider({
  initialState: () => 0,
  evolve: (state: number, event: Event<"Counted", { by: number }>) => state + event.data.by,
  decide: (command: { by: number }, _state: number): Event<"Counted", { by: number }>[] => [{ type: "Counted", data: command }],
});
same<Decider<number, { by: number }, Event<"Counted", { by: number }>>>()(counter);

decider<CartState, CartCommand, CartEvent>({
  ...cart,
  // @ts-expect-error -- no event of a cart
  decide: () => [{ type: "Stranger", data: {} }],
});
decider<CartState, CartCommand, CartEvent>({
  ...cart,
  // @ts-expect-error -- the data of another event
  decide: () => [{ type: "ItemAdded", data: { at: "now" } }],
});
// @ts-expect-error -- no decide
decider<CartState, CartCommand, CartEvent>({ initialState: cart.initialState, evolve: cart.evolve });

// Written in place, its state comes from initialState: this is what a type parameter for each of its types is needed for.
const counted = await handleCommand(
  store,
  {
    initialState: () => ({ total: 0 }),
    evolve: (before, event: Event<"Counted", { by: number }>) => {
      same<{ total: number }>()(before);
      return { total: before.total + event.data.by };
    },
    decide: ({ by }: { by: number }, before): Event<"Counted", { by: number }>[] => (before.total > 9 ? [] : [{ type: "Counted", data: { by } }]),
  },
  "counter-1",
  { by: 1 },
);
same<{ total: number }>()(counted.state);

// One command or several, on a store, a tenant's, a catalogue's or a transaction.
same<Promise<CommandResult<CartState, CartEvent>>>()(handleCommand(store, cart, "cart-1", { kind: "confirm" }));
void handleCommand(cartStore, cart, "cart-1", [{ kind: "add", sku: "tea" }, { kind: "confirm" }]);
void store.transaction((tx) => handleCommand(tx, cart, "cart-1", { kind: "confirm" }));
// @ts-expect-error -- no command of a cart
void handleCommand(store, cart, "cart-1", { kind: "burn" });
// @ts-expect-error -- a part of the command is missing
void handleCommand(store, cart, "cart-1", [{ kind: "add" }]);

const { state, version, position, events, attempts } = await handleCommand(store, cart, "cart-1", { kind: "confirm" }, { signal: AbortSignal.timeout(1) });
same<CartState>()(state);
same<number>()(version);
same<number | undefined>()(position);
same<readonly RecordedEvent<CartEvent>[]>()(events);
same<number>()(attempts);
for (const event of events) if (event.type === "CartConfirmed") same<string>()(event.data.at);

const options: CommandOptions = { retry: { attempts: 3 }, metadata: { actorId: "ada", anything: 1 }, commandId: "request-7" };
void handleCommand(store, cart, "cart-1", { kind: "confirm" }, options);
void handleCommand(store, cart, "cart-1", { kind: "confirm" }, { retry: false });
// @ts-expect-error -- retry is an object or false
void handleCommand(store, cart, "cart-1", { kind: "confirm" }, { retry: true });

// Middleware of any command, and of one decider's.
const logged: CommandMiddleware = { before: ({ streamId, attempt }) => void [same<string | undefined>()(streamId), same<number>()(attempt)] };
const limited: CommandMiddleware<CartState, CartCommand, CartEvent> = {
  before: ({ command, state }) => (command.kind === "add" && state.items.length > 10 ? "skip" : undefined),
  after: async ({ events }) => same<readonly RecordedEvent<CartEvent>[]>()(events),
};
void handleCommand(store, cart, "cart-1", { kind: "confirm" }, { middleware: [logged, limited] });
void handleCommand(store, cart, "cart-1", { kind: "confirm" }, { middleware: [{ before: ({ command }) => same<CartCommand>()(command) }] });
// @ts-expect-error -- of another decider's commands
void handleCommand(store, counter, "counter-1", { by: 1 }, { middleware: [limited] });

// Several streams.
const merge: MultiStreamDecider<CartState, { from: string; to: string }, CartEvent> = {
  reads: ({ from, to }, state) => [from, to, ...state.items],
  initialState: () => ({ items: [] }),
  evolve: (state, event) => ({ items: [...state.items, event.streamId] }),
  decide: ({ to }) => [{ streamId: to, events: [{ type: "CartConfirmed", data: { at: "now" } }] }],
};
const merged = await executeCommand(store, merge, { from: "cart-1", to: "cart-2" }, { retry: { attempts: 2 }, metadata: {} });
same<Omit<CommandResult<CartState, CartEvent>, "version">>()(merged);
// @ts-expect-error -- belongs to one stream
void merged.version;
// @ts-expect-error -- a part of the command is missing
void executeCommand(store, merge, { from: "cart-1" });
void executeCommand(cartStore, { ...merge, reads: ["cart-1"] }, { from: "a", to: "b" });

// Aggregates: a handler for each type of event, with its data.
class Cart extends aggregate<CartState, CartEvent>({
  category: "cart",
  initialState: () => ({ items: [] }),
  evolve: {
    ItemAdded: (state, event) => {
      same<CartState>()(state);
      same<{ sku: string; quantity: number; price: number }>()(event.data);
      return { items: [...state.items, event.data.sku] };
    },
    CartConfirmed: (state) => state,
  },
}) {
  confirm(at: string): void {
    same<CartState>()(this.state);
    this.apply({ type: "CartConfirmed", data: { at } });
    // @ts-expect-error -- no event of a cart
    this.apply({ type: "Stranger", data: {} });
    // @ts-expect-error -- the data of another event
    this.apply({ type: "CartConfirmed", data: { sku: "tea" } });
  }
}
aggregate<CartState, CartEvent>({
  category: "cart",
  initialState: () => ({ items: [] }),
  // @ts-expect-error -- CartConfirmed has no handler
  evolve: { ItemAdded: (state) => state },
});

const carts = repository(store, Cart);
same<Repository<Cart>>()(carts);
// The one type argument is the class's instance.
same<Repository<Cart>>()(repository<Cart>(store, Cart));
class Basket extends Cart {
  constructor(id: string, history?: AggregateHistory<CartState>) {
    super(`basket-${id}`, history);
  }
}
same<Repository<Basket>>()(repository(store, Basket));
// @ts-expect-error -- no class of aggregates
repository(store, Date);
const loaded = await carts.load("1");
same<Cart>()(loaded);
loaded.confirm("now");
// @ts-expect-error -- events are applied by its own methods
loaded.apply({ type: "CartConfirmed", data: { at: "now" } });
void carts.save(loaded, { metadata: { actorId: "ada" } });
same<Cart>()(await carts.loadOrCreate("1"));
same<boolean>()(await carts.exists("1"));
same<Cart>()(await carts.update("1", (cart) => cart.confirm("now"), { retry: false }));

// Metadata.
same<Promise<number>>()(withMetadata({ correlationId: "c" }, async () => 7));
same<number>()(
  withMetadata(
    ({ type }) => ({ of: type }),
    () => 7,
  ),
);
const source: MetadataSource = (event) => (event.type === "x" ? { actorId: "ada" } : undefined);
void store.withMetadata(source).withMetadata({ own: [1, "a", null] });
// @ts-expect-error -- metadata is JSON
void store.withMetadata({ when: new Date() });
declare const recorded: RecordedEvent;
same<Promise<void>>()(withMetadata(causedBy(recorded), async () => {}));
