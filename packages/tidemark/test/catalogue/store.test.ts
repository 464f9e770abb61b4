import { z } from "zod";
import { asDate, defineEvents, event, handleCommand, isTidemarkError, openEventStore, retired } from "../../src/index.ts";
import type { EventReaderWriter, EventStore, NewEvent } from "../../src/index.ts";
import { waitersFor } from "../append/test.ts";
import { drivers } from "../contract/drivers.ts";
import { rejection } from "../database/open.ts";
import { describe, expect } from "./test.ts";

const events = defineEvents({
  ItemAdded: z.object({ sku: z.string().min(1), quantity: z.number().int().default(1) }),
  CartConfirmed: { schema: z.object({ at: z.date() }), version: 2, upcast: { 1: ({ data }) => ({ at: data.confirmedAt }) }, stored: { at: asDate } },
  CouponUsed: z.object({ code: z.string().refine(async (code) => code !== "used", "is used up") }),
  CartOpened: retired(() => []),
});

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

for (const { driver, test } of drivers) {
  const typed = test.extend("store", ({ connect, schema }, { onCleanup }) =>
    connect({ schema, events, logger: quiet }).then((store) => {
      onCleanup(() => store.close());
      return store;
    }));

  describe(`a store with a catalogue on ${driver}`, () => {
    typed("stores what the schema returns, in its stored form and newest version, and reads it back", async ({ store }) => {
      const at = new Date("2026-11-20T10:00:00Z");
      const told: unknown[] = [];
      const onRecorded = (recorded: readonly { data: unknown }[]): void => void told.push(...recorded.map(({ data }) => data));
      const added = { type: "ItemAdded", data: { sku: "tea", gift: true } };
      await store.appendToStream("cart-1", [added, { type: "CartConfirmed", data: { at } }], { onRecorded });
      await store.transaction((tx) => tx.appendToStream("cart-2", [{ type: "CartConfirmed", data: { at } }], { onRecorded }));
      const read = await store.readAll().toArray();
      expect(read.map(({ data }) => data)).toEqual([{ sku: "tea", quantity: 1 }, { at }, { at }]);
      expect(read.map(({ schemaVersion }) => schemaVersion)).toEqual([1, 2, 2]);
      expect(told).toEqual(read.map(({ data }) => data));
      const raw = await store.readAll({ raw: true }).toArray();
      expect(raw[1]).toMatchObject({ data: { at: "2026-11-20T10:00:00.000Z" }, schemaVersion: 2 });
    });

    typed("refuses a type that it does not know, and data that the schema refuses, with every issue's path", async ({ store }) => {
      const unknown = await rejection(store.appendToStream("cart-1", [{ type: "ItemAded", data: {} }]));
      expect(unknown).toMatchObject({ code: "UNKNOWN_EVENT_TYPE", message: expect.stringContaining("ItemAdded") });
      expect(await rejection(store.appendToStream("cart-1", [{ type: "CartOpened", data: {} }]))).toMatchObject({ code: "UNKNOWN_EVENT_TYPE" });
      const good = { type: "ItemAdded", data: { sku: "tea" } };
      const bad = { type: "ItemAdded", data: { sku: "", quantity: 1.5 } };
      const refused = await rejection(
        store.appendToStreams([
          { streamId: "cart-1", events: [good] },
          { streamId: "cart-2", events: [good, bad] },
        ]),
      );
      if (!isTidemarkError(refused, "EVENT_VALIDATION")) throw refused;
      expect(refused.issues.map(({ path }) => path)).toEqual(["appends[1].events[1].data.sku", "appends[1].events[1].data.quantity"]);
      const [first] = await Promise.allSettled([store.appendToStream("cart-1", [bad]), store.appendToStream("cart-3", [good])]);
      expect(first.status).toBe("rejected");
      expect((await store.readAll().toArray()).map(({ streamId }) => streamId)).toEqual(["cart-3"]);
    });

    typed("awaits an asynchronous schema", async ({ store }) => {
      await store.appendToStream("cart-1", [{ type: "CouponUsed", data: { code: "ten" } }]);
      const refused = await rejection(store.appendToStream("cart-1", [{ type: "CouponUsed", data: { code: "used" } }]));
      expect(refused).toMatchObject({ code: "EVENT_VALIDATION", issues: [{ path: "events[0].data.code", message: "is used up" }] });
      await store.transaction(async (tx) => {
        await tx.appendToStream("cart-1", [{ type: "CouponUsed", data: { code: "ten" } }], { expectedVersion: 1 });
        expect(await rejection(tx.appendToStream("cart-1", [{ type: "CouponUsed", data: { code: "used" } }]))).toMatchObject({ code: "EVENT_VALIDATION" });
      });
      expect((await store.streamInfo("cart-1")).version).toBe(2);
    });

    typed("finds a repetition by its ids in the stored form", async ({ store }) => {
      const id = "0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d78";
      const first = await store.appendToStream("cart-1", [{ type: "CartConfirmed", data: { at: new Date(5) }, id }]);
      expect(await store.appendToStream("cart-1", [{ type: "CartConfirmed", data: { at: new Date(5) }, id }])).toEqual(first);
      const other = rejection(store.appendToStream("cart-1", [{ type: "CartConfirmed", data: { at: new Date(6) }, id }]));
      expect(await other).toMatchObject({ code: "DUPLICATE_EVENT" });
    });

    typed("writes what commands decide through the catalogue, with their metadata, and returns it as it is read", async ({ store }) => {
      const at = new Date(7);
      const decider = {
        initialState: () => 0,
        evolve: (count: number) => count + 1,
        decide: (command: string, count: number): NewEvent[] =>
          command === "confirm" ? [{ type: "CartConfirmed", data: { at } }] : [{ type: "ItemAdded", data: { sku: command.repeat(count + 1) } }],
      };
      const { events: added } = await handleCommand(store, decider, "cart-1", "a");
      expect(added.map(({ data }) => data)).toEqual([{ sku: "a", quantity: 1 }]);
      const { events: confirmed, state } = await handleCommand(store, decider, "cart-1", "confirm", { metadata: { actorId: "ada" } });
      expect(confirmed).toMatchObject([{ data: { at }, schemaVersion: 2, metadata: { actorId: "ada" }, version: 2 }]);
      expect(state).toBe(2);
      expect(await rejection(handleCommand(store, decider, "cart-2", ""))).toMatchObject({ code: "EVENT_VALIDATION" });
    });
  });
}

describe("two processes with two versions of a catalogue on one database", () => {
  const becomes = (type: string) => retired(({ data }) => [{ type, data }], { becomes: [type] });
  // The release before the renaming knows the new name already.
  const catalogues = {
    old: defineEvents({ SeatTaken: event<{ seat: number }>(), SeatReserved: becomes("SeatTaken") }),
    young: defineEvents({ SeatReserved: event<{ seat: number }>(), SeatTaken: becomes("SeatReserved") }),
  };
  const typeOf = { old: "SeatTaken", young: "SeatReserved" };
  const server = drivers.find(({ driver }) => driver === "PostgreSQL");

  const races = (["old", "young"] as const).flatMap((first) => [true, false].map((byTag) => ({ first, byTag, by: byTag ? "by tag" : "by type alone" })));
  server?.test.for(races)("that race for one decision $by never both succeed: the $first one first", async ({ first, byTag }, { databaseUrl, schema, sql }) => {
    const second = first === "old" ? "young" : "old";
    const open = (name: "old" | "young"): Promise<EventStore> =>
      name === "old" ? openEventStore(databaseUrl, { schema, events: catalogues.old }) : openEventStore(databaseUrl, { schema, events: catalogues.young });
    await using winner = await open(first);
    await using loser = await open(second);
    const tags = byTag ? ["seat:1"] : [];
    const query = (name: "old" | "young") => [{ types: [typeOf[name]], ...(byTag && { tags }) }];
    const decide = async (store: EventReaderWriter, name: "old" | "young"): Promise<() => Promise<unknown>> => {
      const { events: taken, boundary: after } = await store.readBoundary(query(name));
      expect(taken).toEqual([]);
      return () => store.append([{ type: typeOf[name], data: { seat: 1 }, tags }], { streamId: `show-${name}`, condition: { query: query(name), after } });
    };
    const late = await decide(loser, second);
    const client = await sql.connect();
    try {
      await client.query("begin");
      const soon = await decide(winner.withTransaction(client), first);
      // It is written and holds its claims, and its transaction is open: the other has to wait for it.
      await soon();
      const lost = rejection(late());
      await waitersFor(sql, 1);
      await client.query("commit");
      expect(await lost).toMatchObject({ code: "CONDITION_FAILED", type: typeOf[first] });
    } finally {
      client.release(true);
    }
    const { events: taken } = await loser.readBoundary(query(second));
    expect(taken).toMatchObject([{ type: typeOf[second], data: { seat: 1 } }]);
  });
});
