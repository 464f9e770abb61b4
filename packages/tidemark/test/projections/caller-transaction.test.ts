import pg from "pg";
import { drivers } from "../contract/drivers.ts";
import { describe, expect, test } from "../support/test.ts";
import { documentsIn } from "./carts.ts";
import { defineConsumer, defineProjection, documentProjection, type EventStore, isTidemarkError, type TransactionClient } from "../../src/index.ts";

/** Counts events of a stream, and throws at those whose data says so. */
const counter = documentProjection<{ readonly n: number }>({
  name: "counter",
  mode: "inline",
  collection: "counter",
  handles: ["Counted"],
  documentId: ({ streamId }) => streamId,
  evolve: (document, { data }) => {
    if (data === "boom") throw new Error("boom");
    return { n: (document?.n ?? 0) + 1 };
  },
});

const counted = (data = ""): { readonly type: string; readonly data: string } => ({ type: "Counted", data });

/** The version of each stream, and what the projection made of it: they must never differ. */
async function both(store: EventStore, schema: string): Promise<[versions: Record<string, number>, counts: Record<string, number>]> {
  const versions: Record<string, number> = {};
  for await (const { streamId, version } of store.streams({ category: "s" })) versions[streamId] = version;
  const documents = Object.entries(await documentsIn(store, pg.escapeIdentifier(schema), "counter"));
  return [versions, Object.fromEntries(documents.map(([id, document]) => [id, Number(Reflect.get(document, "n"))]))];
}

/** The driver's client of a transaction, to join it again. */
function clientOf({ client }: { readonly client: unknown }): TransactionClient {
  if (hasQuery(client)) return client;
  throw new TypeError("The client has no method query.");
}

function hasQuery(client: unknown): client is TransactionClient {
  return client instanceof Object && "query" in client && typeof client.query === "function";
}

describe.for(drivers)("appends that write inline projections in one transaction on $driver", ({ test: on }) => {
  on("undo nothing of their neighbours when they are refused, through whatever view", async ({ open, schema }) => {
    const store = await open({ projections: [counter] });
    await store.query("create table public.notes (n integer)");
    await store.transaction(async (tx) => {
      const views = [tx, store.withTransaction(clientOf(tx)), store.withTransaction(clientOf(tx))];
      const outcomes = await Promise.allSettled(
        views.flatMap((view, n) => [
          view.appendToStream(`s-${n}`, [counted()]),
          view.appendToStream("s-9", [counted("boom")]),
          view.query("insert into public.notes values ($1)", [n]),
        ]),
      );
      expect(outcomes.map(({ status }) => status === "fulfilled")).toEqual([true, false, true, true, false, true, true, false, true]);
    });
    expect(await both(store, schema)).toEqual([
      { "s-0": 1, "s-1": 1, "s-2": 1 },
      { "s-0": 1, "s-1": 1, "s-2": 1 },
    ]);
    expect((await store.query("select n from public.notes order by n")).rows).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
    await store.query("drop table public.notes");
  });

  on("leave no savepoint that hides one of the caller's when they are refused", async ({ open, schema }) => {
    const store = await open({ projections: [counter] });
    await store.transaction(async (tx) => {
      await tx.appendToStream("s-1", [counted()]);
      await tx.query("savepoint tidemark_append");
      await tx.appendToStream("s-2", [counted()]);
      await expect(tx.appendToStream("s-3", [counted("boom")])).rejects.toMatchObject({ code: "PROJECTION_FAILED" });
      await tx.query("rollback to savepoint tidemark_append");
    });
    expect(await both(store, schema)).toEqual([{ "s-1": 1 }, { "s-1": 1 }]);
  });

  on("are committed with their documents when the callback does not wait for them", async ({ open, schema }) => {
    const store = await open({ projections: [counter] });
    await store.transaction(async (tx) => {
      void tx.appendToStream("s-1", [counted()]);
    });
    await store.transaction(async (tx) => {
      await Promise.race([tx.appendToStream("s-2", [counted()]), tx.query("select 1")]);
    });
    await store.transaction(async (tx) => {
      const forgotten = async (): Promise<void> => {
        for (let n = 0; n < 3; n++) await tx.appendToStream("s-3", [counted()]);
      };
      void forgotten();
    });
    expect(await both(store, schema)).toEqual([
      { "s-1": 1, "s-2": 1, "s-3": 3 },
      { "s-1": 1, "s-2": 1, "s-3": 3 },
    ]);
  });

  on("roll the transaction back when they fail and the callback did not wait for them", async ({ open, schema }) => {
    const store = await open({ projections: [counter] });
    const refused = [
      [counted("boom"), {}, "PROJECTION_FAILED"],
      [counted(), { expectedVersion: 7 }, "VERSION_CONFLICT"],
    ] as const;
    for (const [event, options, code] of refused) {
      const late: Promise<unknown>[] = [];
      const transaction = store.transaction(async (tx) => {
        await tx.appendToStream("s-1", [counted()]);
        late.push(expect(tx.appendToStream("s-2", [event], options)).rejects.toMatchObject({ code }));
      });
      await expect(transaction).rejects.toMatchObject({ code });
      await Promise.all(late);
    }
    expect(await both(store, schema)).toEqual([{}, {}]);
  });

  on("are committed with their documents when a handler does not wait for them", async ({ open, schema }) => {
    const store = await open({ projections: [counter] });
    const answers = defineConsumer({
      name: "answers",
      filter: { types: ["Asked"] },
      handle: ({ streamId }, context) => {
        void context.appendToStream(streamId.replace("q", "s"), [counted()]);
        void store.withTransaction(clientOf(context)).appendToStream("s-all", [counted()]);
      },
    });
    for (let n = 0; n < 5; n++) await store.appendToStream(`q-${n}`, [{ type: "Asked", data: {} }]);
    await using worker = store.createWorker({ consumers: [answers] });
    await worker.start();
    await worker.caughtUp();
    const all = { "s-0": 1, "s-1": 1, "s-2": 1, "s-3": 1, "s-4": 1, "s-all": 5 };
    expect(await both(store, schema)).toEqual([all, all]);
  });

  on("let their handlers use the transaction around them, but not append in it", async ({ open }) => {
    let outer: Parameters<Parameters<EventStore["transaction"]>[0]>[0] | undefined;
    const sees = defineProjection({
      name: "sees",
      mode: "inline",
      handles: ["Seen"],
      handle: async (_event, tx) => {
        expect((await outer?.query("select 1 as n"))?.rows).toEqual([{ n: 1 }]);
        await tx.query("select 1");
        await outer?.appendToStream("s-1", [{ type: "Seen", data: {} }]);
      },
    });
    const store = await open({ projections: [sees] });
    await store.transaction(async (tx) => {
      outer = tx;
      const error = await tx.appendToStream("s-1", [{ type: "Seen", data: {} }]).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: "PROJECTION_FAILED", cause: { code: "INVALID_ARGUMENT", path: "tx" } });
      expect(await tx.appendToStream("s-2", [{ type: "Other", data: {} }])).toMatchObject({ version: 1 });
    });
  });

  on.for([true, false])("fail with what their handlers did not wait for (in store.transaction: %s)", async (inside, { open }) => {
    const forgets = defineProjection({
      name: "forgets",
      mode: "inline",
      handles: ["Forgotten"],
      handle: (_event, tx) => {
        tx.query("select 1 / 0").catch(() => {});
      },
    });
    const store = await open({ projections: [forgets] });
    const append = (target: Pick<EventStore, "appendToStream">): Promise<unknown> => target.appendToStream("s-1", [{ type: "Forgotten", data: {} }]);
    await expect(inside ? store.transaction(append) : append(store)).rejects.toSatisfy((error) => isTidemarkError(error, "PROJECTION_FAILED"));
    expect(await store.streamInfo("s-1")).toMatchObject({ exists: false });
  });
});

describe("a COMMIT by the caller's own client between the statements of an append", () => {
  test("fails, and nothing of the transaction is written", async ({ databaseUrl, openStore, schema }) => {
    const client = new pg.Client(databaseUrl);
    await client.connect();
    try {
      let commit: Promise<unknown> | undefined;
      const commits = defineProjection({
        name: "commits",
        mode: "inline",
        handles: ["Counted"],
        handle: async () => {
          commit = client.query("commit");
          await commit.catch(() => {});
        },
      });
      const store = await openStore({ projections: [commits, counter] });
      await client.query("begin");
      const tx = store.withTransaction(client);
      await tx.appendToStream("s-0", [{ type: "Other", data: {} }]);
      await expect(tx.appendToStream("s-1", [counted()])).rejects.toThrow();
      await expect(commit).rejects.toMatchObject({ code: "TM010" });
      expect(await both(store, schema)).toEqual([{}, {}]);
    } finally {
      await client.end();
    }
  });
});
