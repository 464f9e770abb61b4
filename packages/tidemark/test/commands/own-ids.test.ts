import { aggregate, type BoundaryDecider, type Event, executeCommand, handleCommand, type MultiStreamDecider, repository } from "../../src/index.ts";
import { describe, expect, test } from "../support/test.ts";

/** An event under an id of its own: sent again, it is not written again. */
const paid = (n: number): { readonly id: string; readonly type: "Paid"; readonly data: { readonly n: number }; readonly tags: readonly string[] } => ({
  id: `0197a0c0-0000-7000-8000-00000000000${n}`,
  type: "Paid",
  data: { n },
  tags: ["order:1"],
});
type Paid = Event<"Paid", { readonly n: number }>;

/** The numbers of the events, in their order. */
const fold = { initialState: (): readonly number[] => [], evolve: (state: readonly number[], { data }: Paid) => [...state, data.n] };
const payment = { ...fold, decide: (n: number) => [paid(n)] };

describe("events that come once more with their ids are not counted twice in the state", () => {
  test("of a command", async ({ store }) => {
    const first = await handleCommand(store, payment, "order-1", 1);
    expect(await handleCommand(store, payment, "order-1", 1)).toEqual(first);
    await handleCommand(store, payment, "order-1", 2);
    await handleCommand(store, payment, "order-1", 3);
    expect(await handleCommand(store, payment, "order-1", 2)).toMatchObject({ state: [1, 2], version: 2, events: [{ data: { n: 2 }, version: 2 }] });
    expect((await store.streamInfo("order-1")).version).toBe(3);
  });

  test("of a command that another one came before, between its reading and its append", async ({ store }) => {
    const late = {
      ...fold,
      decide: async (n: number) => {
        await store.appendToStream("order-1", [paid(7)]);
        await store.appendToStream("order-1", [paid(n)]);
        return [paid(n)];
      },
    };
    expect(await handleCommand(store, late, "order-1", 1)).toMatchObject({ state: [7, 1], version: 2 });
  });

  test("of a command over several streams", async ({ store }) => {
    const over: MultiStreamDecider<readonly number[], number, Paid> = {
      ...fold,
      reads: ["order-1", "order-2"],
      decide: (n) => [{ streamId: n % 2 === 1 ? "order-1" : "order-2", events: [paid(n)] }],
    };
    for (const n of [1, 2, 3]) await executeCommand(store, over, n);
    expect(await executeCommand(store, over, 3)).toMatchObject({ state: [1, 2, 3], events: [{ data: { n: 3 } }] });
    expect(await executeCommand(store, over, 2)).toMatchObject({ state: [1, 2], events: [{ data: { n: 2 } }] });
  });

  test("of a command by query", async ({ store }) => {
    const query: BoundaryDecider<readonly number[], number, Paid> = { ...fold, query: [{ tags: ["order:1"] }], decide: (n) => [paid(n)] };
    for (const n of [1, 2, 3]) await executeCommand(store, query, n);
    expect(await executeCommand(store, query, 3)).toMatchObject({ state: [1, 2, 3], events: [{ data: { n: 3 } }] });
    expect(await executeCommand(store, query, 2)).toMatchObject({ state: [1, 2], events: [{ data: { n: 2 } }] });
  });

  class Order extends aggregate<readonly number[], Paid>({ category: "order", initialState: fold.initialState, evolve: { Paid: fold.evolve } }) {
    pay(n: number): void {
      this.apply(paid(n));
    }
  }

  test("of an aggregate, which is then where its stream is", async ({ store }) => {
    const orders = repository(store, Order);
    for (const n of [1, 2, 3]) await orders.update("1", (order) => order.pay(n));
    for (const n of [3, 1]) expect(await orders.update("1", (order) => order.pay(n))).toMatchObject({ state: [1, 2, 3], version: 3, pending: [] });
    const order = await orders.load("1");
    order.pay(2);
    const saving = orders.save(order);
    order.pay(4);
    expect(await saving).toMatchObject({ version: 2 });
    expect(order).toMatchObject({ state: [1, 2, 3, 4], version: 3, pending: [{ data: { n: 4 } }] });
    expect(await orders.save(order)).toMatchObject({ version: 4 });
  });
});
