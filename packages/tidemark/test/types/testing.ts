import {
  type BoundaryDecider,
  type Decider,
  decider,
  defineEvents,
  type DocumentProjection,
  event,
  type EventStore,
  handleCommand,
  type InferEvents,
  type InferNewEvents,
  type MultiStreamDecider,
  type RecordedEvent,
  retired,
} from "tidemark";
import { openTestStore, scenario, storeContract, type TestStoreOptions } from "tidemark/testing";
import { z } from "zod";
import { same, type CartEvent } from "./cart.ts";

const cart = decider<number, { at: string }, CartEvent>({
  initialState: () => 0,
  evolve: (count) => count + 1,
  decide: ({ at }) => [{ type: "CartConfirmed", data: { at } }],
});
const item = { type: "ItemAdded", data: { sku: "tea", quantity: 1, price: 1 } } as const;

same<void>()(
  scenario(cart)
    .given([item])
    .when({ at: "now" })
    .then([{ type: "CartConfirmed", data: { at: "now" }, tags: ["a"] }]),
);
const decision = scenario(cart).given([]).when({ at: "now" }, { at: "later" });
decision.thenThrows();
decision.thenThrows(/confirmed/);
decision.thenThrows(TypeError);
same<Promise<void>>()(decision.thenAsync([item]));
same<Promise<void>>()(decision.thenThrowsAsync(/confirmed/));
// @ts-expect-error -- no event of a cart
scenario(cart).given([{ type: "Stranger", data: {} }]);
// @ts-expect-error -- no command of a cart
scenario(cart).given([]).when({ on: "now" });
// @ts-expect-error -- the data of another event
decision.then([{ type: "CartConfirmed", data: { sku: "tea" } }]);
decision.thenThrows("confirmed");

const transfer: MultiStreamDecider<number, { from: string }, CartEvent> = {
  reads: ({ from }) => [from],
  initialState: () => 0,
  evolve: (count) => count + 1,
  decide: ({ from }) => [{ streamId: from, events: [item] }],
};
same<void>()(
  scenario(transfer)
    .given([{ ...item, streamId: "cart-1" }])
    .when({ from: "cart-1" })
    .then([{ streamId: "cart-1", events: [item] }]),
);
// @ts-expect-error -- which stream?
scenario(transfer).given([item]);
// @ts-expect-error -- events without their stream
scenario(transfer).given([]).when({ from: "cart-1" }).then([item]);

const enrol: BoundaryDecider<number, { course: string }, CartEvent> = {
  query: ({ course }) => [{ types: ["ItemAdded"], tags: [course] }],
  initialState: () => 0,
  evolve: (count) => count + 1,
  decide: ({ course }) => [{ ...item, tags: [course] }],
};
scenario(enrol)
  .given([{ ...item, tags: ["a"] }])
  .when({ course: "a" })
  .then([item]);
// @ts-expect-error -- no command of this decider
scenario(enrol).given([]).when({ from: "a" });

declare const summaries: DocumentProjection<{ readonly total: number }>;
same<Promise<void>>()(
  scenario(summaries)
    .given([{ ...item, streamId: "cart-1" }])
    .then({ "cart-1": { total: 1 }, "cart-2": undefined }),
);
const nothingYet = scenario(summaries).given([]);
// @ts-expect-error -- no such document
void nothingYet.then({ "cart-1": { sum: 1 } });

same<Promise<EventStore>>()(openTestStore());
const options: TestStoreOptions = {
  now: () => new Date(0),
  createId: () => "0198c0de-0000-7000-8000-000000000000",
  conflicts: [1, { append: 2, events: [item] }],
  faults: [
    { append: 3, kind: "lost-reply" },
    { append: 4, kind: "refused" },
    { append: 5, kind: "unknown" },
  ],
};
await using store = await openTestStore(options);
void store;
// @ts-expect-error -- no such fault
void openTestStore({ faults: [{ append: 1, kind: "fire" }] });

declare function test(name: string, run: () => Promise<void>): void;
storeContract({ test, open: (options) => openTestStore(options) });
storeContract({ test, open: openTestStore });

// A test store of a catalogue has its types, as the store does.
const catalogue = defineEvents({ ItemAdded: event<{ sku: string }>(), CartOpened: retired(() => []) });
const testStore = await openTestStore({ events: catalogue, conflicts: [1] });
same<EventStore<InferEvents<typeof catalogue>>>()(testStore);
same<EventStore>()(await openTestStore());
// @ts-expect-error -- no type of the catalogue
void testStore.appendToStream("cart-1", [{ type: "ItemRemoved", data: {} }]);

// A decider of a catalogue has its events as they are read, and returns them as they may be appended.
const dated = defineEvents({
  ItemAdded: event<{ sku: string }>(),
  CartConfirmed: z.object({ at: z.string().transform((text) => new Date(text)) }),
  CartOpened: retired(() => []),
});
type DatedEvent = InferEvents<typeof dated>;
const confirming = decider({
  events: dated,
  initialState: () => 0,
  evolve: (year, found) => {
    same<DatedEvent>()(found);
    return found.type === "CartConfirmed" ? found.data.at.getFullYear() : year;
  },
  decide: ({ at }: { readonly at: string }, year) => (year > 0 ? [] : [{ type: "CartConfirmed", data: { at } }]),
});
same<Decider<number, { readonly at: string }, DatedEvent, InferNewEvents<typeof dated>>>()(confirming);
// @ts-expect-error -- appended as a text
decider({ ...confirming, events: dated, decide: () => [{ type: "CartConfirmed", data: { at: new Date() } }] });
// @ts-expect-error -- no catalogue
decider({ events: { ItemAdded: event<{ sku: string }>() }, initialState: () => 0, evolve: (year: number) => year, decide: () => [] });
declare const datedStore: EventStore<DatedEvent, InferNewEvents<typeof dated>>;
const handled = await handleCommand(datedStore, confirming, "cart-1", { at: "noon" });
same<number>()(handled.state);
same<readonly RecordedEvent<DatedEvent>[]>()(handled.events);

// Its scenario compares what readers get. Given events may be as they were stored.
same<void>()(
  scenario(confirming)
    .given([
      { type: "ItemAdded", data: { sku: "tea" } },
      { type: "CartOpened", schemaVersion: 1, data: {} },
    ])
    .when({ at: "noon" })
    .then([{ type: "CartConfirmed", data: { at: new Date() } }]),
);
// @ts-expect-error -- a retired type, without the version in which it was stored
scenario(confirming).given([{ type: "CartOpened", data: {} }]);
// @ts-expect-error -- read as a Date
scenario(confirming).given([]).when({ at: "noon" }).then([{ type: "CartConfirmed", data: { at: "noon" } }]); // oxfmt-ignore
scenario(cart, { events: dated });
scenario(summaries, { events: dated }).given([{ type: "ItemAdded", schemaVersion: 1, data: {}, streamId: "cart-1" }]);
// @ts-expect-error -- a misspelt option
scenario(cart, { event: dated });
