import { causedBy, type EventStore, handleCommand, withMetadata } from "../../src/index.ts";
import { itemAdded } from "../support/cart.ts";
import { describe, expect, test } from "../support/test.ts";
import { cart, confirm } from "./cart.ts";

async function metadataOf(store: EventStore, streamId: string): Promise<readonly unknown[]> {
  return (await store.readStream(streamId).toArray()).map(({ metadata }) => metadata);
}

describe("metadata of a scope", () => {
  test("is stamped on every append in it, whatever calls it", async ({ store }) => {
    const returned = await withMetadata({ correlationId: "c-1", actorId: "ada" }, async () => {
      await Promise.resolve();
      await store.appendToStream("a", [itemAdded(), { ...itemAdded(), metadata: { actorId: "bob" } }]);
      await store.appendToStreams([
        { streamId: "b", events: [itemAdded()] },
        { streamId: "unread", events: [] },
      ]);
      await store.append([{ ...itemAdded(), tags: ["c:1"] }]);
      await store.transaction((tx) => tx.appendToStream("d", [itemAdded()]));
      await handleCommand(store, cart, "e", confirm);
      return 7;
    });
    expect(returned).toBe(7);
    const stamped = { correlationId: "c-1", actorId: "ada" };
    expect(await metadataOf(store, "a")).toEqual([stamped, { correlationId: "c-1", actorId: "bob" }]);
    for (const streamId of ["b", "c-1", "d", "e"]) expect(await metadataOf(store, streamId)).toEqual([stamped]);
    await store.appendToStream("after", [itemAdded()]);
    expect(await metadataOf(store, "after")).toEqual([{}]);
  });

  test("of two requests at once is not mixed up", async ({ store }) => {
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        withMetadata({ correlationId: `c-${n}` }, async () => {
          await store.streamInfo("x");
          await handleCommand(store, cart, `cart-${n}`, confirm);
        }),
      ),
    );
    for (let n = 0; n < 20; n++) expect(await metadataOf(store, `cart-${n}`)).toEqual([{ correlationId: `c-${n}` }]);
  });

  test("wins over the store's, an inner scope over an outer one, a command's over both, and the event's over all", async ({ store }) => {
    const mine = store.withMetadata({ a: "store", b: "store", c: "store", d: "store", e: "store" });
    await withMetadata({ b: "outer", c: "outer", d: "outer", e: "outer" }, () =>
      withMetadata({ c: "inner", d: "inner", e: "inner" }, () =>
        handleCommand(mine, { ...cart, decide: () => [{ type: "CartConfirmed" as const, data: { items: 0 }, metadata: { e: "event" } }] }, "cart-1", confirm, {
          metadata: { d: "command", e: "command" },
        }),
      ),
    );
    expect(await metadataOf(store, "cart-1")).toEqual([{ a: "store", b: "outer", c: "inner", d: "command", e: "event" }]);
  });

  test("is kept where an event's own key is undefined", async ({ store }) => {
    // @ts-expect-error -- a key is left out, but JavaScript knows no better
    await withMetadata({ actorId: "ada" }, () => store.appendToStream("a", [{ ...itemAdded(), metadata: { actorId: undefined } }]));
    expect(await metadataOf(store, "a")).toEqual([{ actorId: "ada" }]);
  });

  test("does not hide what is wrong with an event", async ({ store }) => {
    await withMetadata({ actorId: "ada" }, async () => {
      // @ts-expect-error -- no event
      await expect(store.appendToStream("a", [null])).rejects.toMatchObject({ path: "events[0]" });
      // @ts-expect-error -- no list
      await expect(store.appendToStream("a", itemAdded())).rejects.toMatchObject({ path: "events" });
      // @ts-expect-error -- no plain object
      await expect(store.appendToStream("a", [{ ...itemAdded(), metadata: new Map() }])).rejects.toMatchObject({ path: "events[0].metadata" });
      // @ts-expect-error -- a misspelt key
      await expect(store.appendToStreams([{ streamId: "a", events: [], expected: 1 }])).rejects.toMatchObject({ path: "appends[0].expected" });
    });
    // @ts-expect-error -- no metadata
    expect(() => withMetadata("ada", () => 0)).toThrow(expect.objectContaining({ path: "metadata" }));
  });
});

describe("a store with metadata", () => {
  test("passes it on to its tenants and transactions, and is closed with the store that it came from", async ({ store }) => {
    const view = store.withMetadata({ actorId: "ada" });
    await view.forTenant("acme").appendToStream("a", [itemAdded()]);
    await view.transaction((tx) => tx.appendToStream("b", [itemAdded()]));
    await view.withMetadata({ correlationId: "c" }).appendToStream("b", [itemAdded()]);
    await view.close();
    expect(await metadataOf(store.forTenant("acme"), "a")).toEqual([{ actorId: "ada" }]);
    expect(await metadataOf(store, "b")).toEqual([{ actorId: "ada" }, { actorId: "ada", correlationId: "c" }]);
  });

  test("asks an enricher about each event, and what that throws fails the append", async ({ store }) => {
    const enriched = store.withMetadata(({ type }) => (type === "ItemAdded" ? { traceparent: `of ${type}` } : undefined));
    await enriched.appendToStream("a", [itemAdded(), { type: "Other", data: {} }]);
    expect(await metadataOf(store, "a")).toEqual([{ traceparent: "of ItemAdded" }, {}]);
    for (const [result, what] of [
      [() => new Map([["traceparent", "lost"]]), "an object of class Map"],
      [() => Promise.reject(new Error("nobody waits for this")), "a promise"],
      [() => null, "null"],
      [() => "lost", '"lost"'],
    ] as const) {
      // @ts-expect-error -- no metadata
      const wrong = store.withMetadata(result);
      const refused = { code: "INVALID_ARGUMENT", message: expect.stringMatching(`returned ${what} for an event of the type "ItemAdded"`) };
      await expect(wrong.appendToStream("a", [itemAdded()])).rejects.toMatchObject(refused);
    }
    const broken = new Error("no trace");
    const failing = store.withMetadata(() => {
      throw broken;
    });
    await expect(failing.appendToStream("a", [itemAdded()])).rejects.toBe(broken);
    expect((await store.streamInfo("a")).version).toBe(2);
  });
});

test("what an event causes carries its id, and the correlation that it began or belongs to", async ({ store }) => {
  await store.appendToStream("a", [itemAdded(), { ...itemAdded(), metadata: { correlationId: "c-1" } }]);
  const [began, belongs] = await store.readStream("a").toArray();
  if (!began || !belongs) throw new Error("both were written");
  expect(causedBy(began)).toEqual({ correlationId: began.id, causationId: began.id });
  expect(causedBy(belongs)).toEqual({ correlationId: "c-1", causationId: belongs.id });
});
