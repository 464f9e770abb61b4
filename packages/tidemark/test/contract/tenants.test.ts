import { itemAdded } from "../support/cart.ts";
import { describe, expect } from "../support/test.ts";
import { drivers } from "./drivers.ts";

describe.for(drivers)("tenants on $driver", ({ test }) => {
  test("have streams, versions and event ids of their own", async ({ open }) => {
    const store = await open();
    const acme = store.forTenant("acme");
    const id = crypto.randomUUID();
    await store.appendToStream("cart-1", [{ ...itemAdded("tea"), id }, itemAdded()]);
    const { version } = await acme.appendToStream("cart-1", [{ ...itemAdded("mug"), id }], { expectedVersion: "no-stream" });
    expect(version).toBe(1);
    expect(await acme.eventById(id)).toMatchObject({ data: { sku: "mug" }, tenant: "acme" });
    expect(await store.eventById(id)).toMatchObject({ data: { sku: "tea" }, tenant: "" });
    expect(await store.readAll().toArray()).toHaveLength(2);
    expect(await acme.readAll().toArray()).toHaveLength(1);
    expect((await acme.readAll({ tenants: "all" }).toArray()).map(({ tenant }) => tenant)).toEqual(["", "", "acme"]);
  });

  test("share batches, not answers", async ({ open }) => {
    const store = await open();
    const tenants = Array.from({ length: 20 }, (_, n) => store.forTenant(`t${n}`));
    await Promise.all(
      tenants.map((tenant, n) =>
        tenant.appendToStream(
          "cart-1",
          Array.from({ length: n + 1 }, () => ({ ...itemAdded(), tags: [`of-${n}`] })),
        ),
      ),
    );
    for (const [n, tenant] of tenants.entries()) {
      expect((await tenant.streamInfo("cart-1")).version).toBe(n + 1);
      expect(await tenant.readAll({ filter: { tags: [`of-${n}`] } }).toArray()).toHaveLength(n + 1);
      expect(await tenant.readAll({ filter: { tags: [`of-${(n + 1) % 20}`] } }).toArray()).toHaveLength(0);
    }
  });

  test("closing a tenant's store leaves the store open", async ({ open }) => {
    const store = await open();
    await store.forTenant("acme").close();
    expect(await store.highWaterMark()).toBe(0);
  });
});
