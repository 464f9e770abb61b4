import { StaleDocumentsCheck } from "../../src/projections/stale-documents.ts";
import type { Logger } from "../../src/index.ts";
import { itemAdded } from "../support/cart.ts";
import { drivers } from "../contract/drivers.ts";
import { describe, eventually, expect, test as plain } from "../support/test.ts";
import { cartSummary } from "./carts.ts";

function collecting(): { readonly warnings: string[]; readonly logger: Logger } {
  const warnings: string[] = [];
  return { warnings, logger: { debug: () => {}, info: () => {}, warn: (text: unknown) => warnings.push(String(text)), error: () => {} } };
}

const stale = (reason: string, version = 1) => ({ code: "STALE_DOCUMENTS", projection: "cart-summary", version, reason });

describe.for(drivers)("documents that lack events on $driver", ({ test }) => {
  test("are not read by default while their version is being built", async ({ open }) => {
    const { warnings, logger } = collecting();
    const second = cartSummary("async", { version: 2 });
    const store = await open({ projections: [cartSummary("async"), second], logger });
    await store.appendToStream("cart-1", [itemAdded()]);
    for (const read of ["find", "first", "page", "count"] as const)
      await expect(store.documents(second)[read]()).rejects.toMatchObject({ ...stale("building", 2), retryable: true });
    await expect(store.documents(second).get("cart-1")).rejects.toThrow("this version is being built from the log");
    await expect(store.transaction((tx) => tx.documents(second).get("cart-1"))).rejects.toMatchObject(stale("building", 2));
    expect(await store.documents(second, { stale: "allow" }).get("cart-1")).toBeUndefined();
    expect(warnings).toEqual([]);
    expect(await store.documents(second, { stale: "warn" }).get("cart-1")).toBeUndefined();
    expect(await store.documents(second, { stale: "warn" }).count()).toBe(0);
    expect(warnings).toEqual([expect.stringContaining('Documents of projection "cart-summary", version 2, lack events')]);
    await using worker = store.createWorker();
    await worker.start();
    await worker.caughtUp();
    await eventually(async () => expect(await store.documents(second).get("cart-1")).toMatchObject({ items: 1 }));
  });

  test("are read with a warning where appends do not write them for now", async ({ open }) => {
    const projection = cartSummary("inline");
    const owner = await open({ projections: [projection] });
    await owner.appendToStream("cart-1", [itemAdded("tea", 1, 1)]);
    await owner.close();
    const { warnings, logger } = collecting();
    const store = await open({ logger });
    await store.appendToStream("cart-1", [itemAdded("tea", 1, 1)]);
    warnings.length = 0;
    expect(await store.documents(projection).get("cart-1")).toMatchObject({ items: 1 });
    expect(warnings).toEqual([expect.stringContaining("appends do not write it until its follower has brought it up to date")]);
    await expect(store.documents(projection, { stale: "error" }).get("cart-1")).rejects.toMatchObject(stale("behind"));
    const strict = await open({ staleDocuments: "error", projections: [] });
    await expect(strict.documents(projection).get("cart-1")).rejects.toMatchObject(stale("behind"));
    await expect(strict.documents("cart-summary").count()).rejects.toMatchObject(stale("behind"));
    expect(await strict.documents(projection, { stale: "allow" }).get("cart-1")).toMatchObject({ items: 1 });
    // Nobody asked for it here.
    expect(await store.documents("cart-summary").count()).toBe(1);
    await expect(store.documents("cart-summary", { stale: "error" }).count()).rejects.toMatchObject(stale("behind"));
    await open({ projections: [projection] });
    await eventually(async () => expect(await strict.documents(projection).get("cart-1")).toMatchObject({ items: 2 }));
  });

  test("are read with a warning of an async one that no worker follows, and of one that is paused", async ({ open }) => {
    const { warnings, logger } = collecting();
    const projection = cartSummary("async", { tenants: "all" });
    const store = await open({ projections: [projection], logger, staleDocuments: "error" });
    const acme = store.forTenant("acme");
    expect(await store.documents(projection).count()).toBe(0);
    await eventually(() => expect(acme.documents(projection).count()).resolves.toBe(0));
    await acme.appendToStream("cart-1", [itemAdded()]);
    await eventually(() => expect(acme.documents(projection).get("cart-1")).rejects.toMatchObject(stale("unfollowed")));
    expect(await acme.documents(projection, { stale: "warn" }).get("cart-1")).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining("no worker follows it. Start one")]);
    const worker = store.createWorker();
    await worker.start();
    await worker.caughtUp();
    // One worker, of the store's own tenant, brings it every tenant's events.
    expect(await acme.documents(projection).get("cart-1")).toMatchObject({ items: 1 });
    await store.projections.pause("cart-summary");
    await eventually(() => expect(store.documents(projection).count()).rejects.toMatchObject({ ...stale("paused"), retryable: false }));
    await store.projections.deactivate("cart-summary");
    await expect(store.documents(projection).count()).rejects.toThrow('it is inactive. Call store.projections.resume("cart-summary")');
    await worker.stop();
  });

  test("are refused a choice that is none", async ({ open }) => {
    // @ts-expect-error -- it is none
    await expect(open({ staleDocuments: "throw" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "options.staleDocuments" });
    const store = await open();
    // @ts-expect-error -- it is misspelt
    expect(() => store.documents("carts", { stael: "warn" })).toThrow("options.stael is not an option; known are stale");
  });
});

plain("documents that were seen to be up to date are not asked about again for a second", async ({ schema }) => {
  let asked = 0;
  const check = new StaleDocumentsCheck(schema, collecting().logger);
  const queryable = { query: async () => (asked++, [{ state: JSON.stringify({ name: "a", version: 1, mode: "inline", reason: null, details: null }) }]) };
  for (let times = 0; times < 1_000; times++) await check.check(queryable, { name: "a", version: 1 }, "", undefined);
  expect(asked).toBeLessThan(5);
  for (let times = 0; times < 3; times++) expect(check.check(queryable, { name: "b", version: 1 }, "", "allow")).toBeUndefined();
});
