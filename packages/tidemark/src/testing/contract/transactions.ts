import { deepStrictEqual, rejects, strictEqual } from "node:assert";
import { added, failsWith, type Law } from "./law.ts";

const mine = new Error("mine");

export const transactionLaws: readonly Law[] = [
  {
    name: "what a transaction appends commits with it, and what its callback returns is returned",
    async holds(open) {
      const store = await open();
      const version = await store.transaction(async (tx) => {
        await tx.appendToStream("cart-1", [added()]);
        return (await tx.appendToStream("cart-2", [added(), added()])).version;
      });
      strictEqual(version, 2);
      strictEqual((await store.streamInfo("cart-1")).version, 1);
    },
  },
  {
    name: "a throw rolls a transaction back, and passes through",
    async holds(open) {
      const store = await open();
      const failing = store.transaction(async (tx) => {
        await tx.appendToStream("cart-1", [added()]);
        strictEqual((await tx.readStream("cart-1").toArray()).length, 1);
        throw mine;
      });
      await failsWith(failing, mine);
      strictEqual((await store.streamInfo("cart-1")).exists, false);
    },
  },
  {
    name: "a conflict aborts no transaction",
    async holds(open) {
      const store = await open();
      await store.transaction(async (tx) => {
        await rejects(tx.appendToStream("cart-1", [added()], { expectedVersion: 3 }), { code: "VERSION_CONFLICT", actual: 0 });
        await tx.appendToStream("cart-1", [added()], { expectedVersion: 0 });
      });
      strictEqual((await store.streamInfo("cart-1")).version, 1);
    },
  },
  {
    name: "the high-water mark is the last event, also after a rollback",
    async holds(open) {
      const store = await open();
      strictEqual(await store.highWaterMark(), 0);
      const { position } = await store.appendToStream("cart-1", [added()]);
      const failing = store.transaction(async (tx) => {
        await tx.appendToStream("cart-1", [added()]);
        throw mine;
      });
      await failsWith(failing, mine);
      strictEqual(await store.highWaterMark(), position);
      const next = await store.appendToStream("cart-1", [added()]);
      strictEqual(next.version, 2);
      strictEqual(await store.highWaterMark(), next.position);
    },
  },
  {
    name: "tenants have streams, versions and event ids of their own",
    async holds(open) {
      const store = await open();
      const acme = store.forTenant("acme");
      const id = crypto.randomUUID();
      await store.appendToStream("cart-1", [{ ...added("tea"), id }, added()]);
      strictEqual((await acme.appendToStream("cart-1", [{ ...added("mug"), id }], { expectedVersion: "no-stream" })).version, 1);
      deepStrictEqual((await acme.eventById(id))?.data, { sku: "mug" });
      deepStrictEqual((await store.eventById(id))?.data, { sku: "tea" });
      strictEqual((await store.readAll().toArray()).length, 2);
      deepStrictEqual(
        (await acme.readAll({ tenants: "all" }).toArray()).map(({ tenant }) => tenant),
        ["", "", "acme"],
      );
    },
  },
  {
    name: "a closed store refuses every call",
    async holds(open) {
      const store = await open();
      await store.close();
      await rejects(store.appendToStream("cart-1", [added()]), { code: "STORE_CLOSED" });
      await rejects(store.readAll().toArray(), { code: "STORE_CLOSED" });
      await store.close();
    },
  },
];
