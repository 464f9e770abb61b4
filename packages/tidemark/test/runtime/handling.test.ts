import pg from "pg";
import { defineConsumer, type RecordedEvent } from "tidemark";
import { channelOf, isProbe } from "../../src/feed/channel.ts";
import { confirmed, itemAdded } from "../support/cart.ts";
import { describe, eventually, expect, gate, test } from "./test.ts";

describe("a consumer", () => {
  test("gets every event once, in the order of each stream, and goes on from its checkpoint", async ({ store, start }) => {
    const seen: RecordedEvent[] = [];
    const mailer = defineConsumer({ name: "mailer", shards: 3, handle: (event) => void seen.push(event) });
    for (let n = 0; n < 20; n++) await store.appendToStream(`cart-${n % 5}`, [itemAdded(`sku-${n}`)]);
    const { worker } = await start(mailer);
    await worker.caughtUp();
    expect(seen).toHaveLength(20);
    const { position } = await store.appendToStream("cart-1", [itemAdded()]);
    await store.waitFor("mailer", position, { timeoutMs: 60_000 });
    expect(seen).toHaveLength(21);
    await worker.stop();
    for (let n = 0; n < 5; n++) {
      expect(seen.filter(({ streamId }) => streamId === `cart-${n}`).map(({ version }) => version)).toEqual(n === 1 ? [1, 2, 3, 4, 5] : [1, 2, 3, 4]);
    }
    await store.appendToStream("cart-9", [itemAdded()]);
    const again = await start(mailer);
    await again.worker.caughtUp();
    expect(seen).toHaveLength(22);
  });

  test("begins where it says, and gets what its filter lets through", async ({ store, start }) => {
    const seen: string[] = [];
    const note =
      (name: string) =>
      ({ position, type }: RecordedEvent): void =>
        void seen.push(`${name} ${position} ${type}`);
    const { position } = await store.appendToStream("cart-1", [itemAdded(), confirmed, itemAdded(), confirmed]);
    const { worker } = await start([
      defineConsumer({ name: "all", handle: note("all") }),
      defineConsumer({ name: "late", startFrom: { after: position - 1 }, handle: note("late") }),
      defineConsumer({ name: "end", startFrom: "end", handle: note("end") }),
      defineConsumer({ name: "some", filter: { types: ["CartConfirmed"] }, handle: note("some") }),
    ]);
    await worker.caughtUp();
    await store.appendToStream("cart-2", [itemAdded()]);
    await worker.caughtUp();
    const [first, last] = [position - 3, position + 1];
    expect(seen.filter((line) => line.startsWith("all")).length).toBe(5);
    expect(seen.filter((line) => !line.startsWith("all")).toSorted()).toEqual([
      `end ${last} ItemAdded`,
      `late ${position} CartConfirmed`,
      `late ${last} ItemAdded`,
      `some ${first + 1} CartConfirmed`,
      `some ${position} CartConfirmed`,
    ]);
    // It stands at the end, although the last event was not for it.
    expect(await store.consumers.get("some")).toMatchObject({ lag: { events: 0, seconds: 0 }, shards: [{ position: last }] });
  });

  test("of one tenant gets that tenant's events, and with tenants: all everybody's", async ({ store, start }) => {
    const acme = store.forTenant("acme");
    await store.appendToStream("cart-1", [itemAdded()]);
    await acme.appendToStream("cart-1", [itemAdded()]);
    const seen: string[] = [];
    const own = defineConsumer({ name: "same", handle: ({ tenant }) => void seen.push(`own ${tenant}`) });
    const all = defineConsumer({ name: "all", tenants: "all", handle: ({ tenant }) => void seen.push(`all ${tenant}`) });
    const one = await start(own, { on: acme });
    const two = await start(all);
    await Promise.all([one.worker.caughtUp(), two.worker.caughtUp()]);
    expect(seen.toSorted()).toEqual(["all ", "all acme", "own acme"]);
    expect((await store.consumers.list()).map(({ name }) => name)).toEqual(["all"]);
    await expect(store.consumers.get("same")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("takes batches when it asks for them", async ({ store, start }) => {
    await store.appendToStream(
      "cart-1",
      Array.from({ length: 7 }, () => itemAdded()),
    );
    const sizes: number[] = [];
    const { worker } = await start(defineConsumer({ name: "b", batchSize: 3, handleBatch: (events) => void sizes.push(events.length) }));
    await worker.caughtUp();
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(7);
    expect(Math.max(...sizes)).toBe(3);
  });
});

/** What an ORM takes a client for. */
function driver(client: unknown): pg.Pool {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as an ORM's types do
  return client as pg.Pool;
}

describe("what a handler writes through its context", () => {
  test("commits with the checkpoint, and with it wakes who follows", async ({ store, start, effects }) => {
    await store.appendToStream("cart-1", [itemAdded(), itemAdded(), confirmed]);
    const echo = defineConsumer({
      name: "echo",
      filter: { categories: ["cart"] },
      async handle(event, context) {
        await effects.write(event, context);
        await context.appendToStream(`echo-${event.version}`, [{ type: "Echoed", data: {} }]);
      },
    });
    const { worker } = await start(echo);
    await worker.caughtUp();
    expect(await effects.positions()).toHaveLength(3);
    expect(await store.readAll({ filter: { categories: ["echo"] } }).toArray()).toHaveLength(3);
    await eventually(async () => expect(await store.consumers.get("echo")).toMatchObject({ state: "live", shards: [{ fence: 1 }] }));
  });

  test("wakes who follows in other processes", async ({ store, sql, schema, start }) => {
    const { name } = channelOf(schema);
    const rings: string[] = [];
    const listener = await sql.connect();
    try {
      listener.on("notification", ({ payload = "" }) => void (isProbe(payload) || rings.push(payload)));
      await listener.query(`listen ${pg.escapeIdentifier(name)}`);
      const go = gate();
      const { worker } = await start(
        defineConsumer({
          name: "echo",
          filter: { categories: ["cart"] },
          async handle(_event, context) {
            await go.opened;
            await context.appendToStream("echo-1", [{ type: "Echoed", data: {} }]);
          },
        }),
      );
      await store.appendToStream("cart-1", [itemAdded()]);
      await eventually(() => expect(rings).toHaveLength(1));
      go.open();
      await worker.caughtUp();
      await eventually(() => expect(rings).toHaveLength(2));
    } finally {
      listener.release(true);
    }
  });

  test("goes through the driver's own client too, in the same transaction", async ({ store, start, effects }) => {
    const { position } = await store.appendToStream("cart-1", [itemAdded()]);
    let rows: unknown;
    const { worker } = await start(
      defineConsumer({
        name: "orm",
        async handle(event, context) {
          const client: { query(text: string, values: unknown[]): Promise<unknown> } = driver(context.client);
          await client.query(`insert into ${effects.table} values ($1, null, $2)`, [event.position, context.fence]);
          ({ rows } = await context.query(`select position from ${effects.table}`));
        },
      }),
    );
    await worker.caughtUp();
    expect(rows).toEqual([{ position: `${position}` }]);
    expect(await effects.positions()).toEqual([position]);
  });

  test("is gone when its event fails, and that of the events before it in the batch stands", async ({ store, start, effects }) => {
    const { position } = await store.appendToStream("cart-1", [itemAdded(), itemAdded(), confirmed, itemAdded()]);
    const failing = gate();
    const { worker, errors } = await start(
      defineConsumer({
        name: "c",
        retry: { attempts: 2, minDelayMs: 1 },
        onFailure: "stop",
        async handle(event, context) {
          await effects.write(event, context);
          if (event.type === "CartConfirmed") throw new Error("no");
          if (event.version === 4) failing.open();
        },
      }),
    );
    await expect(worker.caughtUp()).rejects.toThrow("no");
    expect(await effects.positions()).toEqual([position - 3, position - 2]);
    expect(await store.consumers.get("c")).toMatchObject({ shards: [{ position: position - 2 }] });
    expect(errors).toMatchObject([{ code: "HANDLER_FAILED" }]);
  });

  test("fails with the handler that swallowed the failure of a statement", async ({ store, start, effects }) => {
    const { position } = await store.appendToStream("cart-1", [itemAdded(), confirmed]);
    const { worker } = await start(
      defineConsumer({
        name: "c",
        retry: { attempts: 1 },
        async handle(event, context) {
          await effects.write(event, context);
          if (event.type === "CartConfirmed") await context.query("select 1/0").catch(() => {});
        },
      }),
    );
    await worker.caughtUp();
    expect(await effects.positions()).toEqual([position - 1]);
    expect(await store.deadLetters.list()).toMatchObject([{ position, state: "failed", error: { code: "DATABASE" } }]);
  });

  test("cannot come late: a handler whose time was up is refused", async ({ store, start, effects }) => {
    await store.appendToStream("cart-1", [itemAdded()]);
    const [late, over] = [gate(), gate()];
    let refusal: unknown;
    let aborted: unknown;
    const { worker } = await start(
      defineConsumer({
        name: "slow",
        timeoutMs: 50,
        retry: { attempts: 1 },
        async handle(event, context) {
          const { signal } = context;
          signal.addEventListener("abort", () => (aborted = signal.reason));
          await context.query("select 1").catch(() => {});
          await late.opened;
          await effects.write(event, context).catch((error: unknown) => (refusal = error));
          over.open();
        },
      }),
    );
    await worker.caughtUp();
    expect(aborted).toMatchObject({ code: "HANDLER_TIMEOUT", timeoutMs: 50 });
    late.open();
    await over.opened;
    expect(refusal).toMatchObject({ code: "INVALID_ARGUMENT", path: "context" });
    expect(await effects.positions()).toEqual([]);
    expect(await store.deadLetters.list()).toMatchObject([{ state: "failed", error: { code: "HANDLER_TIMEOUT" } }]);
  });
});

describe("a handler's transaction", () => {
  /** Sessions of the database that are in a transaction and wait for their client. */
  async function idle(sql: pg.Pool): Promise<number> {
    const { rows } = await sql.query(
      "select count(*)::int as count from pg_stat_activity where datname = current_database() and state = 'idle in transaction'",
    );
    return rows[0].count;
  }

  test("is not open while a handler works outside, nor while a failed one waits for its next try", async ({ store, sql, start, effects }) => {
    await store.appendToStream("cart-1", [itemAdded(), confirmed, itemAdded()]);
    const outside = gate();
    const waiting = gate();
    const { worker } = await start(
      defineConsumer({
        name: "outside",
        retry: { attempts: 2, minDelayMs: 60_000 },
        async handle(event, context) {
          if (event.type === "CartConfirmed") return await outside.opened;
          await effects.write(event, context);
          if (event.version === 3) {
            waiting.open();
            throw new Error("later");
          }
        },
      }),
    );
    // The first event's effect is committed while the second one's handler waits for the world.
    await eventually(async () => expect(await effects.positions()).toHaveLength(1));
    expect(await idle(sql)).toBe(0);
    outside.open();
    await waiting.opened;
    await eventually(async () => expect(await store.consumers.get("outside")).toMatchObject({ state: "retrying" }));
    expect(await idle(sql)).toBe(0);
    await worker.stop();
  });
});
