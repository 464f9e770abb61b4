import { type EventStore, openEventStore } from "../../src/index.ts";
import { openTestStore, type StoreContract, storeContract } from "../../src/testing/index.ts";
import { describe, expect, test } from "../support/test.ts";

describe("the contract holds on the embedded database", () => {
  storeContract({ test, open: openTestStore });
});

describe("the contract holds on a server", () => {
  test("law by law", async ({ databaseUrl }) => {
    let stores = 0;
    const laws = lawsOn((options) => openEventStore(databaseUrl, { ...options, schema: `contract_${++stores}` }));
    expect(laws.length).toBeGreaterThan(25);
    for (const { holds } of laws) await holds();
  });
});

function lawsOn(open: StoreContract["open"]): { readonly name: string; readonly holds: () => Promise<void> }[] {
  const laws: { readonly name: string; readonly holds: () => Promise<void> }[] = [];
  storeContract({ test: (name, holds) => laws.push({ name, holds }), open });
  return laws;
}

/** Stores that each break one promise, and a law that must notice. */
const broken: readonly { readonly what: string; readonly law: RegExp; readonly change: (store: EventStore) => Partial<EventStore> }[] = [
  {
    what: "ignores expectations",
    law: /refuses "no-stream"/,
    change: (store) => ({ appendToStream: (streamId, events) => store.appendToStream(streamId, events) }),
  },
  {
    what: "forgets ids",
    law: /same ids/,
    change: (store) => ({
      appendToStream: (streamId, events, options) =>
        store.appendToStream(
          streamId,
          events.map((event) => ({ ...event, id: crypto.randomUUID() })),
          options,
        ),
    }),
  },
  { what: "mixes tenants", law: /tenants/, change: (store) => ({ forTenant: () => store }) },
  {
    what: "never rolls back",
    law: /rolls a transaction back/,
    change: (store) => ({ transaction: async (work) => await work(Object.assign(Object.create(store), { client: null })) }),
  },
];

describe("the contract notices a store that", () => {
  test.for(broken)("$what", async ({ law, change }) => {
    const laws = lawsOn(async () => {
      const store = await openTestStore();
      const changed = change(store);
      return new Proxy(store, { get: (target, key) => Reflect.get(changed, key) ?? Reflect.get(target, key) });
    });
    const outcomes = await Promise.allSettled(laws.filter(({ name }) => law.test(name)).map(({ holds }) => holds()));
    expect(outcomes.map(({ status }) => status)).toContain("rejected");
  });
});
