import { startProxy } from "@tidemark/servers";
import { openEventStore } from "tidemark";
import { added, describe, expect, lockStream, type Logged, rejection, test, times } from "./test.ts";

/** The numbers that events carry, in the order of the log. */
const numbers = (events: readonly Logged[]): number[] => events.map(({ data }) => data.n);

describe("appends of one caller to one stream", () => {
  test("keep the order of the calls", async ({ store, log }) => {
    const results = await Promise.all(times(2_000, (n) => store.appendToStream(`cart-${n % 3}`, [added(n)])));
    expect(results.map(({ version }) => version)).toEqual(times(2_000, (n) => Math.floor(n / 3) + 1));
    expect(numbers(await log("cart-1"))).toEqual(times(667, (n) => 3 * n + 1));
  });

  test("keep it when a batch is refused and each append is tried alone", async ({ store, sql, q, log }) => {
    await sql.query(`alter table ${q}.events add constraint quantity_check check ((data ->> 'n')::int % 50 <> 7)`);
    await Promise.allSettled(times(300, (n) => store.appendToStream(`cart-${n % 2}`, [added(n)])));
    expect(numbers(await log("cart-1"))).toEqual(times(150, (n) => 2 * n + 1).filter((n) => n % 50 !== 7));
  });

  test("keep it when the stream is blocked in the middle of a batch, and free again a moment later", async ({ openStore, sql, q, log }) => {
    // One connection, so that all of it is one batch.
    const store = await openStore({ pool: { max: 1 } });
    // Sequences do not roll back: the first tries of event 0 are refused as if somebody held a lock: in the batch,
    // then alone, then twice while it waits.
    await sql.query(`
      create sequence ${q}.tries;
      create function ${q}.block() returns trigger language plpgsql as $$ begin
        if (new.data ->> 'n')::int = 0 and nextval('${q.replaceAll("'", "''")}.tries') <= 4 then raise lock_not_available; end if;
        return new;
      end $$;
      create trigger block before insert on ${q}.events for each row execute function ${q}.block()`);
    await Promise.all([
      store.appendToStream("cart-1", [added(0)]),
      store.appendToStreams(["cart-1", "cart-2"].map((streamId) => ({ streamId, events: [added(1)] }))),
      store.appendToStream("cart-2", [added(2)]),
      store.appendToStream("cart-3", [added(3)]),
    ]);
    expect(numbers(await log("cart-1"))).toEqual([0, 1]);
    expect(numbers(await log("cart-2"))).toEqual([1, 2]);
    expect(numbers(await log())[0]).toBe(3);
  });

  test("keep it while another transaction holds the stream", async ({ store, client, q, log }) => {
    await store.appendToStreams([
      { streamId: "cart-1", events: [added(-1)] },
      { streamId: "cart-2", events: [added(-1)] },
    ]);
    const holder = await client();
    await lockStream(holder, q, "cart-1");
    const held = times(100, (n) =>
      n % 10 === 5
        ? store.appendToStreams([
            { streamId: "cart-2", events: [added(n)] },
            { streamId: "cart-1", events: [added(n)] },
          ])
        : store.appendToStream("cart-1", [added(n)]),
    );
    const behind = times(20, (n) => store.appendToStream("cart-2", [added(100 + n)]));
    await store.appendToStream("cart-3", [added()]);
    await holder.query("commit");
    await Promise.all([...held, ...behind]);
    expect(numbers(await log("cart-1"))).toEqual([-1, ...times(100, (n) => n)]);
    expect(numbers(await log("cart-2"))).toEqual([-1, ...times(10, (n) => 10 * n + 5), ...times(20, (n) => 100 + n)]);
  });
});

describe("group append", () => {
  test("writes a thousand concurrent calls in a few transactions", async ({ store, log }) => {
    await Promise.all(times(1_000, (n) => store.appendToStream(`cart-${n}`, [added(n)])));
    const transactions = new Set((await log()).map(({ transaction }) => transaction)).size;
    expect(transactions).toBeLessThanOrEqual(10);
  });

  test("costs a caller who is alone one statement an append, and one a conflict", async ({ databaseUrl, schema }) => {
    await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
    await using store = await openEventStore(proxy.through(databaseUrl), { schema });
    await store.appendToStream("cart-1", [added()]);
    const sent: string[] = [];
    // The store's first connection is the pool's; those beside it wake followers.
    proxy.on("frontend", ({ connection, name }) => void (connection === 0 && sent.push(name)));
    await store.appendToStream("cart-1", [added()]);
    expect(sent).toEqual(["Bind", "Execute", "Sync"]);
    for (const [streamId, expectedVersion] of [
      ["cart-1", 0],
      ["cart-1", 1],
      ["cart-1", { unchangedSince: 0 }],
      ["none", 1],
      ["none", "stream-exists"],
    ] as const) {
      sent.length = 0;
      expect(await rejection(store.appendToStream(streamId, [added()], { expectedVersion }))).toMatchObject({ code: "VERSION_CONFLICT" });
      expect(sent).toEqual(["Bind", "Execute", "Sync"]);
    }
  });

  test("takes one statement for calls that share a stream, also those that only check it", async ({ databaseUrl, schema, log }) => {
    await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
    await using store = await openEventStore(proxy.through(databaseUrl), { schema, pool: { max: 1 } });
    const sent: string[] = [];
    // The store's first connection is the pool's; those beside it wake followers.
    proxy.on("frontend", ({ connection, name }) => void (connection === 0 && sent.push(name)));
    const [, , read, conflict] = await Promise.allSettled([
      store.appendToStream("cart-1", [added(1)]),
      store.appendToStream("cart-1", [added(2)]),
      store.appendToStream("cart-1", [], { expectedVersion: 2 }),
      store.appendToStream("cart-1", [added(3)], { expectedVersion: 1 }),
    ]);
    expect(sent.filter((name) => name === "Execute")).toHaveLength(1);
    expect(read).toMatchObject({ value: { version: 2, position: (await log()).at(-1)?.position } });
    expect(conflict).toMatchObject({ reason: { code: "VERSION_CONFLICT", actual: 2 } });
  });
});
