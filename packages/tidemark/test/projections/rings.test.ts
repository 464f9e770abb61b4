import { onTestFinished } from "vitest";
import { type Proxy, startProxy } from "@tidemark/servers";
import { documentProjection, type Event, type EventStore, type NewEvent, openEventStore } from "../../src/index.ts";
import { waitsForLock } from "../schema/gates.ts";
import { type OpenTransaction, openTransaction } from "../support/open-transaction.ts";
import { describe, expect, test as base } from "../support/test.ts";

type ShelfEvent = Event<"Put" | "Cleared", { readonly shelves: readonly string[] }>;

/** How often something was put on a shelf since it was cleared. */
const shelves = documentProjection<{ readonly n: number }, ShelfEvent>({
  name: "shelves",
  mode: "inline",
  collection: "shelves",
  handles: ["Put", "Cleared"],
  documentId: ({ data }) => data.shelves,
  evolve: (document, { type }) => (type === "Cleared" ? null : { n: (document?.n ?? 0) + 1 }),
});

const event = (type: ShelfEvent["type"], ...names: readonly string[]): NewEvent<ShelfEvent>[] => [{ type, data: { shelves: names } }];
const put = (...names: readonly string[]): NewEvent<ShelfEvent>[] => event("Put", ...names);
const clear = (...names: readonly string[]): NewEvent<ShelfEvent>[] => event("Cleared", ...names);

let streams = 0;
const append = (tx: Pick<EventStore, "appendToStream">, events: readonly NewEvent<ShelfEvent>[]): Promise<unknown> =>
  tx.appendToStream(`put-${++streams}`, events);

/** A transaction that has appended, and waits for `commit`. */
async function open(store: EventStore, events: readonly NewEvent<ShelfEvent>[]): Promise<OpenTransaction> {
  const opened = await openTransaction(store, (tx) => append(tx, events));
  // A test that fails must not leave it open: its store would wait for it.
  onTestFinished(() => void opened.commit().catch(() => {}));
  return opened;
}

/** Holds the next statement of this name, and all behind it, until `go`. */
function holdNext(proxy: Proxy, statement: string): { readonly reached: Promise<void>; go(): void } {
  const [reached, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const remove = proxy.on("frontend", async ({ bytes }) => {
    if (!bytes.includes(statement)) return;
    remove();
    reached.resolve();
    await go.promise;
  });
  return { reached: reached.promise, go: go.resolve };
}

/** `store` and `other` go straight to the server, `held` through the proxy. */
const test = base
  .extend("proxy", async ({ databaseUrl }, { onCleanup }) => {
    const proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
    onCleanup(() => proxy.close());
    return proxy;
  })
  .extend("store", ({ openStore }) => openStore({ projections: [shelves] }))
  .extend("held", async ({ proxy, store, databaseUrl, schema }, { onCleanup }) => {
    void store;
    const held = await openEventStore(proxy.through(databaseUrl), { schema, projections: [shelves] });
    onCleanup(() => held.close());
    return held;
  });

const counted = async (store: EventStore, id: string): Promise<number | undefined> => (await store.documents<{ readonly n: number }>("shelves").get(id))?.n;

describe("a transaction that waits for a document which another one creates", () => {
  test("holds no other document meanwhile", async ({ store, held, proxy, sql }) => {
    await append(store, put("b"));
    const creator = await open(store, put("a"));
    const waiting = held.transaction((tx) => append(tx, put("a", "b")));
    await waitsForLock(sql, "lock_absent_documents");
    const next = holdNext(proxy, "tidemark_lock_documents");
    await creator.commit();
    await next.reached;
    // The document is there, and not locked yet: who takes it now must not wait for anything that is.
    await store.transaction((tx) => append(tx, put("a", "b")));
    next.go();
    await waiting;
    expect([await counted(store, "a"), await counted(store, "b")]).toEqual([3, 3]);
  });
});

describe("a transaction that waits for a document which another one deletes", () => {
  test("creates it anew", async ({ store, held, sql }) => {
    await append(store, put("a", "b"));
    const deleter = await open(store, clear("b"));
    const waiting = held.transaction((tx) => append(tx, put("a", "b")));
    await waitsForLock(sql, "for update");
    await deleter.commit();
    await waiting;
    expect([await counted(store, "a"), await counted(store, "b")]).toEqual([2, 1]);
  });

  test.for(["is being created", "was created and is locked"])(
    "is refused rather than made to wait, where it %s again",
    async (what, { store, held, proxy, sql }) => {
      await append(store, put("a", "b"));
      const deleter = await open(store, clear("b"));
      const next = holdNext(proxy, "tidemark_claim_documents");
      const waiting = held.transaction((tx) => append(tx, put("a", "b")));
      const outcome = waiting.catch((error: unknown) => error);
      await waitsForLock(sql, "for update");
      await deleter.commit();
      await next.reached;
      if (what === "was created and is locked") await append(store, put("b"));
      const other = await open(store, put("b"));
      next.go();
      expect(await outcome).toMatchObject({ code: "DATABASE", sqlState: "55P03", retryable: true });
      await other.commit();
      await held.transaction((tx) => append(tx, put("a", "b")));
      expect([await counted(store, "a"), await counted(store, "b")]).toEqual([2, what === "is being created" ? 2 : 3]);
    },
  );

  test("begins anew and waits, where the append is the store's own", async ({ store, held, proxy, sql }) => {
    await append(store, put("a", "b"));
    const deleter = await open(store, clear("b"));
    const waiting = append(held, put("a", "b"));
    await waitsForLock(sql, "for update");
    const next = holdNext(proxy, "begin isolation level");
    await deleter.commit();
    await next.reached;
    const other = await open(store, put("b"));
    next.go();
    await waitsForLock(sql, "lock_absent_documents");
    await other.commit();
    await waiting;
    expect([await counted(store, "a"), await counted(store, "b")]).toEqual([2, 2]);
  });
});
