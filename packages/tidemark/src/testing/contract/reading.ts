import { deepStrictEqual, strictEqual } from "node:assert";
import { added, confirmed, failsWith, type Law } from "./law.ts";

export const readingLaws: readonly Law[] = [
  {
    name: "an event comes back as it went in",
    async holds(open) {
      const store = await open();
      const written = {
        id: crypto.randomUUID(),
        type: "Awkward ünïcode",
        data: { text: "quotes \" ' and \\ and \u2028 and 𝄞", numbers: [0, -1, 1.5, 1e21, 5e-324], nested: [{ null: null, true: true }], "": "an empty key" },
        metadata: { correlationId: "c-1", own: { a: [1] } },
        tags: ["course:ç", "b"],
      };
      const { position } = await store.appendToStream("odd-id with / and 'quotes'", [written]);
      const [event] = await store.readStream("odd-id with / and 'quotes'").toArray();
      strictEqual(event?.recordedAt instanceof Date, true);
      const { recordedAt: _recordedAt, ...rest } = event ?? {};
      deepStrictEqual(rest, {
        ...written,
        streamId: "odd-id with / and 'quotes'",
        category: "odd",
        version: 1,
        position,
        schemaVersion: 1,
        tenant: "",
      });
    },
  },
  {
    name: "a stream is read between versions, in both directions, up to a limit",
    async holds(open) {
      const store = await open();
      await store.appendToStream(
        "cart-1",
        Array.from({ length: 10 }, (_, n) => added(`sku-${n}`)),
      );
      const versions = async (options: Parameters<typeof store.readStream>[1]): Promise<readonly number[]> =>
        (await store.readStream("cart-1", options).toArray()).map(({ version }) => version);
      deepStrictEqual(await versions({ fromVersion: 3, toVersion: 5 }), [3, 4, 5]);
      deepStrictEqual(await versions({ fromVersion: 3, toVersion: 5, direction: "backward" }), [5, 4, 3]);
      deepStrictEqual(await versions({ direction: "backward", limit: 2 }), [10, 9]);
      deepStrictEqual(await versions({ limit: 0 }), []);
      deepStrictEqual(await versions({ fromVersion: 11 }), []);
      deepStrictEqual(await store.readStream("absent").toArray(), []);
    },
  },
  {
    name: "the log is read in order, filtered by type, category, stream, tag and data",
    async holds(open) {
      const store = await open();
      await store.appendToStream("cart-1", [{ ...added(), tags: ["vip", "eu"] }, confirmed]);
      await store.appendToStream("order-1", [{ type: "OrderPlaced", data: { total: 40, customer: { city: "Pisa" } }, tags: ["eu"] }]);
      await store.appendToStream("cart-2", [added("mug")]);
      const found = async (options: Parameters<typeof store.readAll>[0]): Promise<string> =>
        (await store.readAll(options).toArray()).map(({ streamId, type }) => `${streamId} ${type}`).join(", ");
      strictEqual(await found({}), "cart-1 ItemAdded, cart-1 CartConfirmed, order-1 OrderPlaced, cart-2 ItemAdded");
      strictEqual(await found({ direction: "backward", limit: 2 }), "cart-2 ItemAdded, order-1 OrderPlaced");
      strictEqual(await found({ filter: { types: ["CartConfirmed", "OrderPlaced"] } }), "cart-1 CartConfirmed, order-1 OrderPlaced");
      strictEqual(await found({ filter: { categories: ["order"] } }), "order-1 OrderPlaced");
      strictEqual(await found({ filter: { streamIds: ["cart-2", "absent"] } }), "cart-2 ItemAdded");
      strictEqual(await found({ filter: { tags: ["eu", "vip"] } }), "cart-1 ItemAdded");
      strictEqual(await found({ filter: { data: { customer: { city: "Pisa" } } } }), "order-1 OrderPlaced");
      strictEqual(
        await found({ filter: [{ types: ["CartConfirmed"] }, { tags: ["eu"], categories: ["order"] }] }),
        "cart-1 CartConfirmed, order-1 OrderPlaced",
      );
      const [, second, third] = await store.readAll().toArray();
      strictEqual(await found({ after: second?.position ?? 0, until: third?.position ?? 0 }), "order-1 OrderPlaced");
    },
  },
  {
    name: "batches have the size that was asked for, and a loop may be left",
    async holds(open) {
      const store = await open();
      await store.appendToStream(
        "cart-1",
        Array.from({ length: 7 }, () => added()),
      );
      const sizes: number[] = [];
      for await (const batch of store.readAll().batches(3)) sizes.push(batch.length);
      deepStrictEqual(sizes, [3, 3, 1]);
      for await (const event of store.readStream("cart-1")) if (event.version === 3) break;
      strictEqual((await store.readStream("cart-1").toArray()).length, 7);
      const reason = new Error("enough");
      await failsWith(store.readAll({ signal: AbortSignal.abort(reason) }).toArray(), reason);
    },
  },
  {
    name: "a stream is read and folded as it was at a version and at a time",
    async holds(open) {
      let clock = new Date("2026-01-01T00:00:00.000Z");
      const store = await open({ now: () => clock });
      await store.appendToStream("cart-1", [added()]);
      clock = new Date("2026-01-02T00:00:00.001Z");
      await store.appendToStream("cart-1", [confirmed]);
      const asOf = new Date("2026-01-02T00:00:00.000Z");
      strictEqual((await store.readStream("cart-1", { asOf }).toArray()).length, 1);
      strictEqual((await store.readStream("cart-1", { asOf: clock }).toArray()).length, 2);
      const count = { initialState: () => 0, evolve: (events: number) => events + 1 };
      deepStrictEqual(await store.aggregateStream("cart-1", count), { state: 2, version: 2, exists: true });
      deepStrictEqual(await store.aggregateStream("cart-1", { ...count, toVersion: 1 }), { state: 1, version: 1, exists: true });
      deepStrictEqual(await store.aggregateStream("cart-1", { ...count, asOf }), { state: 1, version: 1, exists: true });
      deepStrictEqual(await store.aggregateStream("absent", count), { state: 0, version: 0, exists: false });
    },
  },
  {
    name: "streams are listed by the bytes of their names, and an event is found by its id",
    async holds(open) {
      const store = await open();
      for (const streamId of ["cart-2", "cart-10", "cart", "cartoon-1", "order-1"]) await store.appendToStream(streamId, [added()]);
      await store.appendToStream("only-read", [], { expectedVersion: 0 });
      const listed = async (options: Parameters<typeof store.streams>[0]): Promise<readonly string[]> => {
        const ids: string[] = [];
        for await (const { streamId } of store.streams(options)) ids.push(streamId);
        return ids;
      };
      deepStrictEqual(await listed({}), ["cart", "cart-10", "cart-2", "cartoon-1", "order-1"]);
      deepStrictEqual(await listed({ category: "cart" }), ["cart", "cart-10", "cart-2"]);
      deepStrictEqual(await listed({ prefix: "cart-", after: "cart-10" }), ["cart-2"]);
      const [event] = await store.readStream("order-1").toArray();
      deepStrictEqual(await store.eventById(event?.id.toUpperCase() ?? ""), event);
      strictEqual(await store.eventById(crypto.randomUUID()), undefined);
    },
  },
];
