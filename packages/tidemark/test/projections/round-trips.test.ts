import { startProxy } from "@tidemark/servers";
import { documentProjection, type Event, openEventStore } from "../../src/index.ts";
import { expect, test } from "../support/test.ts";

type Count = Event<"Counted"> | Event<"Cleared">;

const counter = (deletes: "hard" | "soft") =>
  documentProjection<{ readonly n: number }, Count>({
    name: "counter",
    mode: "inline",
    collection: "counters",
    deletes,
    documentId: ({ streamId }) => streamId,
    evolve: { Counted: (document) => ({ n: (document?.n ?? 0) + 1 }), Cleared: () => null },
  });

const counted = { type: "Counted", data: {} } as const;

test.for(["hard", "soft"] as const)(
  "an append that writes documents takes two round trips, whether they exist or not, and as many for a hundred as for one: %s",
  async (deletes, { databaseUrl, schema }) => {
    await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
    const store = await openEventStore(proxy.through(databaseUrl), { schema, projections: [counter(deletes)], pool: { max: 1 } });
    let sent: { readonly connection: number; readonly name: string; readonly enters: boolean }[] = [];
    proxy.on("frontend", ({ connection, name, bytes }) => void sent.push({ connection, name, enters: bytes.includes("enter_append") }));
    /** On the connection of the append: others are told of it by one of their own. */
    const trips = async (work: () => Promise<unknown>): Promise<number> => {
      sent = [];
      await work();
      const used = sent.find(({ enters }) => enters)?.connection;
      return sent.filter(({ connection, name }) => connection === used && (name === "Sync" || name === "Query")).length;
    };
    const append = (streamId: string, expectedVersion?: number): Promise<unknown> =>
      store.appendToStream(streamId, [counted], { expectedVersion: expectedVersion ?? "any" });
    expect(await trips(() => append("c-1"))).toBe(2);
    expect(await trips(() => append("c-1"))).toBe(2);
    expect(await trips(() => append("c-1", 7).catch(() => {}))).toBe(2);
    expect(await trips(() => Promise.all(Array.from({ length: 100 }, (_, n) => append(`c-${n}`))))).toBe(2);
    expect((await store.documents<{ readonly n: number }>("counters").get("c-1"))?.n).toBe(3);
    // A document that was deleted is absent, whether its row stays or goes.
    expect(await trips(() => store.appendToStream("c-1", [{ type: "Cleared", data: {} }]))).toBe(2);
    expect(await trips(() => append("c-1"))).toBe(2);
    expect((await store.documents<{ readonly n: number }>("counters").get("c-1"))?.n).toBe(1);
    await store.close();
  },
);
