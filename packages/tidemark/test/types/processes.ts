import {
  append,
  cancelTimer,
  command,
  complete,
  type Decider,
  defineEvents,
  defineProcess,
  type Effect,
  event,
  type Event,
  type MultiStreamDecider,
  type Process,
  type ProcessDetails,
  type ProcessVersionInfo,
  timer,
} from "tidemark";
import { same, store, type CartEvent } from "./cart.ts";

interface CartState {
  readonly items: number;
}
declare const payment: Decider<boolean, { readonly amount: number }, Event<"Paid", { amount: number }>>;
declare const transfer: MultiStreamDecider<boolean, { readonly from: string }, Event<"Moved", object>>;

// State and events from the type arguments; each event narrows by its type.
const checkout = defineProcess<CartState, CartEvent>({
  name: "checkout",
  handles: ["ItemAdded", "CartConfirmed"],
  filter: { categories: ["cart"] },
  instanceId: (input) => (input.type === "ItemAdded" ? input.data.sku : null),
  initialState: () => ({ items: 0 }),
  evolve: (state, input) => (input.type === "ItemAdded" ? { items: state.items + input.data.quantity } : state),
  react(input, state) {
    same<CartState>()(state);
    if (input.type === "CartConfirmed") return [complete()];
    return [
      // What orElse is called with has the process's state, without being told.
      command(
        payment,
        "payment-1",
        { amount: input.data.price },
        { orElse: (_error, { items }) => [append("notes-1", [{ type: "Refused", data: { items } }])] },
      ),
      command(transfer, { from: "a" }),
      timer("payment", { in: 900_000 }, { type: "CartConfirmed", data: { at: "now" } }),
      timer("payment", { at: new Date() }, { type: "CartConfirmed", data: { at: "now" } }),
      cancelTimer("payment"),
      append("audit-1", [input]),
    ];
  },
});
same<Process<CartState, CartEvent>>()(checkout);
void store.createWorker({ processes: [checkout] });

// A catalogue gives the events, and what initialState returns the state.
const counting = defineProcess({
  name: "counting",
  events: defineEvents({ Counted: event<{ by: number }>() }),
  handles: ["Counted"],
  instanceId: (input) => input.streamId,
  initialState: () => 0,
  evolve: (count, input) => count + input.data.by,
  react: (input, count) => (count + input.data.by > 3 ? [complete()] : []),
});
same<number | undefined>()(counting["~types"]?.state);

defineProcess<CartState, CartEvent>({
  name: "wrong",
  // @ts-expect-error -- no type of its events
  handles: ["ItemRemoved"],
  instanceId: () => "all",
  initialState: () => ({ items: 0 }),
  // @ts-expect-error -- no state
  evolve: () => ({ count: 0 }),
  // @ts-expect-error -- no effect
  react: () => [{ type: "ItemAdded" }],
});

// A command is its decider's; so is what it goes to.
// @ts-expect-error -- no command of this decider
command(payment, "payment-1", { total: 3 });
// @ts-expect-error -- a decider over several streams takes no stream
command(transfer, "a-1", { from: "a" });
// @ts-expect-error -- neither in nor at
timer("payment", { after: 3 }, { type: "PaymentTimedOut", data: {} });
// @ts-expect-error -- with its type each event is checked
append<CartEvent>("cart-1", [{ type: "ItemAdded", data: {} }]);

const effects: Effect<CartState>[] = [complete(), command(payment, "payment-1", { amount: 3 }, { orElse: () => [complete()] })];
void effects;

// Administration.
same<Promise<ProcessDetails>>()(store.processes.get("checkout", "cart-1"));
same<Promise<readonly ProcessVersionInfo[]>>()(store.processes.versions("checkout"));
void store.processes.versions(undefined, { signal: AbortSignal.timeout(1_000) });
void store.processes.list({ signal: AbortSignal.timeout(1_000) });
void store.processes.get("checkout", "order-1", { signal: AbortSignal.timeout(1_000) });
// @ts-expect-error -- a change is not ended half-way
void store.processes.retry("checkout", "order-1", { signal: AbortSignal.timeout(1_000) });
void store.processes.list({ version: 2 });
// @ts-expect-error -- versions are numbers
void store.processes.list({ version: "2" });
// @ts-expect-error -- no status
void store.processes.list({ status: "open" });
