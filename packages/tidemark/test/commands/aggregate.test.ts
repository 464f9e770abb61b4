import pg from "pg";
import { aggregate, type Event, type EventReaderWriter, OutcomeUnknownError, repository } from "../../src/index.ts";
import { describe, expect, test } from "../support/test.ts";

type OrderEvent = Event<"OrderPlaced", { readonly total: number }> | Event<"OrderShipped", { readonly tracking: string }>;
interface OrderState {
  readonly total: number;
  readonly tracking: readonly string[];
}

class Order extends aggregate<OrderState, OrderEvent>({
  category: "order",
  initialState: () => ({ total: 0, tracking: [] }),
  evolve: {
    OrderPlaced: (state, { data }) => ({ ...state, total: data.total }),
    OrderShipped: (state, { data }) => ({ ...state, tracking: [...state.tracking, data.tracking] }),
  },
}) {
  place(total: number): void {
    if (this.state.total > 0) throw new Error("placed already");
    this.apply({ type: "OrderPlaced", data: { total } });
  }

  ship(tracking: string): void {
    if (this.state.total === 0) throw new Error("not placed");
    this.apply({ type: "OrderShipped", data: { tracking } });
  }
}

describe("an aggregate", () => {
  test("is loaded as it was saved, version by version", async ({ store }) => {
    const orders = repository(store, Order);
    const order = await orders.loadOrCreate("1");
    order.place(40);
    order.ship("T-1");
    expect(order).toMatchObject({ id: "1", streamId: "order-1", version: 0, state: { total: 40, tracking: ["T-1"] } });
    expect(order.pending).toHaveLength(2);
    const saved = await orders.save(order, { metadata: { actorId: "ada" } });
    expect(saved).toMatchObject({ streamId: "order-1", version: 2 });
    expect([order.version, order.pending]).toEqual([2, []]);
    expect(await orders.save(order)).toBeUndefined();
    order.ship("T-2");
    await orders.save(order);

    const again = await orders.load("1");
    expect(again).toBeInstanceOf(Order);
    expect(again).toMatchObject({ version: 3, state: { total: 40, tracking: ["T-1", "T-2"] } });
    expect((await store.readStream("order-1").toArray()).map(({ type, metadata }) => [type, metadata.actorId])).toEqual([
      ["OrderPlaced", "ada"],
      ["OrderShipped", "ada"],
      ["OrderShipped", undefined],
    ]);
  });

  test("that is not there is told from one that is", async ({ store }) => {
    const orders = repository(store, Order);
    await expect(orders.load("1")).rejects.toMatchObject({ code: "NOT_FOUND", kind: "order", key: "1" });
    expect(await orders.exists("1")).toBe(false);
    await orders.update("1", (order) => order.place(1));
    expect(await orders.exists("1")).toBe(true);
    expect((await orders.load("1")).state.total).toBe(1);
  });

  test("that somebody else changed is not saved, and keeps its events", async ({ store }) => {
    const orders = repository(store, Order);
    await orders.update("1", (order) => order.place(40));
    const [one, two] = await Promise.all([orders.load("1"), orders.load("1")]);
    one.ship("T-1");
    two.ship("T-2");
    await orders.save(one);
    await expect(orders.save(two)).rejects.toMatchObject({ code: "VERSION_CONFLICT", expected: 1, actual: 2 });
    expect(two.pending).toHaveLength(1);
  });

  test("is updated again after a conflict, and what the work throws passes through", async ({ store }) => {
    const orders = repository(store, Order);
    await orders.update("1", (order) => order.place(40));
    await Promise.all(Array.from({ length: 10 }, (_, n) => orders.update("1", (order) => order.ship(`T-${n}`))));
    expect((await orders.load("1")).state.tracking.toSorted()).toEqual(Array.from({ length: 10 }, (_, n) => `T-${n}`));
    await expect(orders.update("1", (order) => order.place(1))).rejects.toThrow("placed already");
    const losing = orders.update(
      "1",
      async (order) => {
        await orders.update("1", (other) => other.ship("first"));
        order.ship("second");
      },
      { retry: { attempts: 2 } },
    );
    await expect(losing).rejects.toMatchObject({ code: "VERSION_CONFLICT" });
  });

  test("whose saving had an unknown outcome is saved again under the same ids", async ({ store }) => {
    const id = crypto.randomUUID();
    let lost = false;
    const losing: EventReaderWriter = new Proxy(store, {
      get(target, key) {
        if (key !== "appendToStream" || lost) return Reflect.get(target, key).bind(target);
        return async (streamId: string, [event]: readonly Event[]) => {
          lost = true;
          await target.appendToStream(streamId, event ? [{ ...event, id }] : []);
          throw new OutcomeUnknownError("the reply was lost", [id]);
        };
      },
    });
    const orders = repository(losing, Order);
    const order = await orders.loadOrCreate("1");
    order.place(40);
    await expect(orders.save(order)).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
    expect(await orders.save(order)).toMatchObject({ version: 1 });
    expect((await store.streamInfo("order-1")).version).toBe(1);
  });

  test("works in a transaction", async ({ store }) => {
    const mine = new Error("mine");
    const failing = store.transaction(async (tx) => {
      await repository(tx, Order).update("1", (order) => order.place(1));
      expect(await repository(tx, Order).exists("1")).toBe(true);
      throw mine;
    });
    await expect(failing).rejects.toBe(mine);
    expect(await repository(store, Order).exists("1")).toBe(false);
  });

  test("saved in a transaction that rolled back is saved again, and in one that committed is not", async ({ store, databaseUrl }) => {
    const client = new pg.Client(databaseUrl);
    await client.connect();
    try {
      for (const [id, end, versions] of [
        ["1", "rollback", [2, 3]],
        ["2", "commit", [undefined, 3]],
      ] as const) {
        const order = await repository(store, Order).loadOrCreate(id);
        order.place(1);
        await client.query("begin");
        const within = repository(store.withTransaction(client), Order);
        await within.save(order);
        order.ship("a");
        expect(await within.save(order)).toMatchObject({ version: 2 });
        await client.query(end);
        const outside = repository(store, Order);
        expect((await outside.save(order))?.version).toBe(versions[0]);
        expect([order.version, order.pending]).toEqual([2, []]);
        order.ship("b");
        expect((await outside.save(order))?.version).toBe(versions[1]);
        expect((await outside.load(id)).state).toEqual({ total: 1, tracking: ["a", "b"] });
      }
    } finally {
      await client.end();
    }
  });

  test("saved in store.transaction is saved again where that rolled back, in another transaction, with what came after", async ({ store }) => {
    const order = await repository(store, Order).loadOrCreate("1");
    order.place(1);
    const mine = new Error("mine");
    const failing = store.transaction(async (tx) => {
      await repository(tx, Order).save(order);
      throw mine;
    });
    await expect(failing).rejects.toBe(mine);
    order.ship("a");
    expect(await store.transaction((tx) => repository(tx, Order).save(order))).toMatchObject({ version: 2 });
    expect(await repository(store, Order).save(order)).toBeUndefined();
    expect((await repository(store, Order).load("1")).state).toEqual({ total: 1, tracking: ["a"] });
  });

  test("refuses an event that it has no handler for, whatever its name", async ({ store }) => {
    for (const type of ["OrderCancelled", "constructor", "__proto__"]) {
      await store.appendToStream(`order-${type}`, [{ type, data: {} }]);
      await expect(repository(store, Order).load(type)).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        path: "definition.evolve",
        message: expect.stringContaining(type),
      });
    }
  });

  test("with a constructor that loses its history is refused", async ({ store }) => {
    class Forgetful extends Order {
      readonly prefixed: string;

      constructor(id: string) {
        super(id);
        this.prefixed = `#${id}`;
      }
    }
    await repository(store, Order).update("1", (order) => order.place(1));
    await expect(repository(store, Forgetful).load("1")).rejects.toMatchObject({ path: "constructor" });
  });

  test("needs a definition, and an id", async ({ store }) => {
    // @ts-expect-error -- no handlers
    expect(() => aggregate({ category: "order", initialState: () => 0 })).toThrow(expect.objectContaining({ path: "definition.evolve" }));
    expect(() => aggregate({ category: "a-b", initialState: () => 0, evolve: {} })).toThrow(expect.objectContaining({ path: "definition.category" }));
    await expect(repository(store, Order).load("")).rejects.toMatchObject({ path: "id" });
    for (const type of [{}, undefined, Map, new Order("1")])
      expect(() => Reflect.apply(repository, undefined, [store, type])).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", path: "type" }));
  });
});
