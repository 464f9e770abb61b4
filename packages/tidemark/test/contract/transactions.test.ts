import { isTidemarkError } from "../../src/index.ts";
import { itemAdded } from "../support/cart.ts";
import { describe, expect } from "../support/test.ts";
import { drivers } from "./drivers.ts";

const mine = new Error("mine");

describe.for(drivers)("transactions on $driver", ({ test }) => {
  test("events and rows commit together, and what the callback returns is returned", async ({ open }) => {
    const store = await open();
    await store.query("create table public.audit (entry text)");
    const version = await store.transaction(async (tx) => {
      await tx.query("insert into public.audit values ($1)", ["one"]);
      return (await tx.appendToStream("cart-1", [itemAdded(), itemAdded()])).version;
    });
    expect(version).toBe(2);
    expect((await store.query("select entry from public.audit")).rows).toEqual([{ entry: "one" }]);
    await store.query("drop table public.audit");
  });

  test("a throw rolls both back, and passes through", async ({ open }) => {
    const store = await open();
    const failing = store.transaction(async (tx) => {
      await tx.appendToStream("cart-1", [itemAdded()]);
      expect(await tx.readStream("cart-1").toArray()).toHaveLength(1);
      throw mine;
    });
    await expect(failing).rejects.toBe(mine);
    expect((await store.streamInfo("cart-1")).exists).toBe(false);
  });

  test("a conflict aborts nothing", async ({ open }) => {
    const store = await open();
    await store.transaction(async (tx) => {
      await expect(tx.appendToStream("cart-1", [itemAdded()], { expectedVersion: 3 })).rejects.toMatchObject({ code: "VERSION_CONFLICT", actual: 0 });
      await tx.appendToStream("cart-1", [itemAdded()], { expectedVersion: 0 });
    });
    expect((await store.streamInfo("cart-1")).version).toBe(1);
  });

  test("the store inside its own transaction works, or says at once that it cannot", async ({ open }) => {
    const store = await open();
    // Another append is on its way, so that the one inside only queues.
    const outside = store.appendToStream("cart-2", [itemAdded()]);
    const inside = store.transaction(async () => store.appendToStream("cart-1", [itemAdded()]));
    const [outcome] = await Promise.allSettled([inside, outside]);
    const worked = outcome.status === "fulfilled" && outcome.value.version === 1;
    const refused = outcome.status === "rejected" && isTidemarkError(outcome.reason, "INVALID_ARGUMENT");
    expect(worked || refused).toBe(true);
  });

  test("the mark is the last event, also after a rollback", async ({ open }) => {
    const store = await open();
    expect(await store.highWaterMark()).toBe(0);
    const { position } = await store.appendToStream("cart-1", [itemAdded()]);
    await store
      .transaction(async (tx) => {
        await tx.appendToStream("cart-1", [itemAdded()]);
        throw mine;
      })
      .catch(() => {});
    expect(await store.highWaterMark()).toBe(position);
    expect(await store.blockers()).toEqual([]);
    const next = await store.appendToStream("cart-1", [itemAdded()]);
    expect(next.version).toBe(2);
    expect(await store.highWaterMark()).toBe(next.position);
  });
});
