import pg from "pg";
import type { EventStore, Logger } from "../../src/index.ts";
import { itemAdded } from "../support/cart.ts";
import { describe, eventually, expect, test } from "../support/test.ts";
import { cartSummary, documentsIn, popularity } from "./carts.ts";

const tea = itemAdded("tea", 1, 1);

function isLive(store: EventStore, name = "popularity"): Promise<void> {
  return eventually(async () => expect(await store.projections.get(name)).toMatchObject({ state: "live" }));
}

function recorder(): { readonly logger: Logger; readonly warnings: string[] } {
  const warnings: string[] = [];
  const quiet = (): void => {};
  return { warnings, logger: { debug: quiet, info: quiet, warn: (text) => void warnings.push(String(text)), error: quiet } };
}

describe("an inline projection that is new", () => {
  test("goes live after an append that was in flight, and holds its event", async ({ openStore, databaseUrl, schema }) => {
    const at = pg.escapeIdentifier(schema);
    const before = await openStore();
    const client = new pg.Client(databaseUrl);
    await client.connect();
    await client.query("begin");
    await before.withTransaction(client).appendToStream("cart-1", [tea]);
    const store = await openStore({ projections: [popularity("inline")] });
    expect(await store.projections.get("popularity")).toMatchObject({ state: "catching-up" });
    // A gate that waited for the one in flight would keep these waiting for the commit, which comes after them.
    const appends = await appending(store, times(1_000));
    await client.query("commit");
    await client.end();
    await isLive(store);
    await store.appendToStream("cart-1", [tea]);
    expect(await documentsIn(store, at, "popularity")).toEqual({ tea: { added: 2 + appends } });
  });

  test("misses no event and takes none twice while others append all the time", async ({ openStore, schema }) => {
    const at = pg.escapeIdentifier(schema);
    const writer = await openStore({ projections: [cartSummary("inline")] });
    let appended = 0;
    const run = { going: true };
    const writing = Promise.all(
      Array.from({ length: 4 }, async (_, n) => {
        while (run.going) {
          await writer.appendToStream(`cart-${n}`, [tea]);
          appended++;
        }
      }),
    );
    await eventually(() => expect(appended).toBeGreaterThan(300));
    // Whoever knows it writes it from the moment that it is live; this writer does not, so it is left behind once, and follows.
    const store = await openStore({ projections: [cartSummary("inline"), popularity("inline")] });
    await eventually(() => expect(appended).toBeGreaterThan(1_500));
    run.going = false;
    await writing;
    await isLive(store);
    await store.appendToStream("cart-0", [tea]);
    expect(await documentsIn(store, at, "popularity")).toEqual({ tea: { added: appended + 1 } });
    const carts = Object.values(await documentsIn(store, at, "cart-summary"));
    expect(carts.reduce((sum, cart) => sum + Number(Reflect.get(cart, "items")), 0)).toBe(appended + 1);
  });

  test("of a long log catches up in the background while the store is used", async ({ openStore, sql, schema }) => {
    const at = pg.escapeIdentifier(schema);
    const before = await openStore();
    for (let batch = 0; batch < 6; batch++)
      await before.appendToStream(
        `cart-${batch}`,
        Array.from({ length: 1_000 }, () => tea),
      );
    const store = await openStore({ projections: [popularity("inline")] });
    await store.appendToStream("cart-0", [tea]);
    await isLive(store);
    await store.appendToStream("cart-0", [tea]);
    expect(await documentsIn(store, at, "popularity")).toEqual({ tea: { added: 6_002 } });
    expect((await sql.query(`select from ${at}.consumer_shards where position >= 6000`)).rowCount).toBe(1);
  });
});

describe("a store that does not know a live inline projection", () => {
  test("marks it behind before it appends, says so once, and who knows it catches up", async ({ openStore, schema }) => {
    const at = pg.escapeIdentifier(schema);
    const knowing = await openStore({ projections: [popularity("inline")] });
    await knowing.appendToStream("cart-1", [tea]);
    const { logger, warnings } = recorder();
    const unknowing = await openStore({ logger });
    await Promise.all([unknowing.appendToStream("cart-2", [tea]), unknowing.appendToStream("cart-3", [tea, tea])]);
    await unknowing.appendToStream("cart-4", [tea]);
    expect(warnings).toEqual([expect.stringContaining('the inline projection "popularity" (version 1), which this store was opened without')]);
    await knowing.appendToStream("cart-1", [tea]);
    await isLive(knowing);
    await knowing.appendToStream("cart-1", [tea]);
    expect(await documentsIn(knowing, at, "popularity")).toEqual({ tea: { added: 7 } });
  });

  test("does so in a transaction of the user's, which holds the gate from others no longer than its append takes", async ({ openStore, schema }) => {
    const at = pg.escapeIdentifier(schema);
    const knowing = await openStore({ projections: [popularity("inline")] });
    await knowing.appendToStream("cart-1", [tea]);
    const unknowing = await openStore({ logger: recorder().logger });
    await unknowing.transaction(async (tx) => {
      await tx.appendToStream("cart-2", [tea]);
      await knowing.appendToStream("cart-3", [tea]);
    });
    await isLive(knowing);
    expect(await documentsIn(knowing, at, "popularity")).toEqual({ tea: { added: 3 } });
  });

  test("refuses to append where it was told to, and writes nothing", async ({ openStore }) => {
    const knowing = await openStore({ projections: [popularity("inline")] });
    await knowing.appendToStream("cart-1", [tea]);
    const strict = await openStore({ unknownProjections: "error" });
    await expect(strict.appendToStream("cart-2", [tea])).rejects.toMatchObject({ code: "UNKNOWN_PROJECTION", projections: ["popularity"] });
    expect((await strict.streamInfo("cart-2")).exists).toBe(false);
    expect(await knowing.projections.get("popularity")).toMatchObject({ state: "live" });
    await strict.projections.deactivate("popularity");
    await strict.appendToStream("cart-2", [tea]);
  });
});

/** Four callers at once, each on a stream of its own, for as long as `goOn` says. Returns how many appends they made. */
async function appending(store: EventStore, goOn: () => boolean): Promise<number> {
  let appends = 0;
  const caller = async (n: number): Promise<void> => {
    while (goOn()) {
      await store.appendToStream(`cart-${2 + n}`, [tea]);
      appends++;
    }
  };
  await Promise.all(Array.from({ length: 4 }, (_, n) => caller(n)));
  return appends;
}

function times(count: number): () => boolean {
  let left = count;
  return () => left-- > 0;
}
