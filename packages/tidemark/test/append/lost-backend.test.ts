import type pg from "pg";
import { startProxy, startServer } from "@tidemark/servers";
import { type AppendResult, type EventStore, openEventStore } from "tidemark";
import { added, describe, expect, idsOf, lockStream, rejection, test, times, waitersFor } from "./test.ts";
import { fn } from "../support/functions.ts";

interface Fixtures {
  readonly databaseUrl: string;
  readonly schema: string;
  readonly store: EventStore;
  readonly client: () => Promise<pg.Client>;
  readonly sql: pg.Pool;
  readonly q: string;
}

interface Orphaned extends AsyncDisposable {
  /** Has the stream locked in an open transaction. */
  readonly holder: pg.Client;
  /** The second try of an append, waiting for the stream behind its first, whose connection is gone. */
  readonly appended: Promise<AppendResult>;
  readonly controller: AbortController;
}

async function orphaned({ databaseUrl, schema, store, client, sql, q }: Fixtures): Promise<Orphaned> {
  await store.appendToStream("cart-1", [added(0)]);
  // The orphan waits for as long as the test needs it to.
  await sql.query(`alter function ${q}.${fn("append_waiting")} set lock_timeout = '60s'`);
  const proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
  const broken = await openEventStore(proxy.through(databaseUrl), { schema });
  const holder = await client();
  await lockStream(holder, q, "cart-1");
  const controller = new AbortController();
  const appended = broken.appendToStream("cart-1", [added(1)], { expectedVersion: 1, signal: controller.signal });
  await waitersFor(sql, 1);
  proxy.cutAll();
  await waitersFor(sql, 2);
  return {
    holder,
    appended,
    controller,
    async [Symbol.asyncDispose]() {
      await broken.close();
      await proxy.close();
    },
  };
}

describe("an append whose backend is terminated", () => {
  test("while it writes is written once, alone and in a batch", async ({ store, sql, q, log }) => {
    await sql.query(`
      create sequence ${q}.tries;
      create function ${q}.terminate() returns trigger language plpgsql as $$ begin
        if nextval('${q.replaceAll("'", "''")}.tries') in (1, 4) then perform pg_terminate_backend(pg_backend_pid()); end if;
        return null;
      end $$;
      create trigger terminate after insert on ${q}.events for each statement execute function ${q}.terminate()`);
    expect(await store.appendToStream("cart-0", [added()])).toMatchObject({ version: 1 });
    for (let round = 1; round < 6; round++) await Promise.all(times(20, (n) => store.appendToStream(`cart-${n}`, [added(n)])));
    expect(await log()).toHaveLength(101);
  });

  test("while it waits for a stream, unseen, is written once, by whichever try comes first", async ({ databaseUrl, schema, store, client, sql, q, log }) => {
    await using orphan = await orphaned({ databaseUrl, schema, store, client, sql, q });
    await orphan.holder.query("commit");
    const { version, position } = await orphan.appended;
    expect(version).toBe(2);
    expect(await log("cart-1")).toMatchObject([{ data: { n: 0 } }, { data: { n: 1 }, position }]);
    expect(await store.appendToStream("cart-1", [added(2)], { expectedVersion: 2 })).toMatchObject({ version: 3 });
  });

  test("while it waits, and that is aborted then, has an unknown outcome: it may yet be written", async ({
    databaseUrl,
    schema,
    store,
    client,
    sql,
    q,
    log,
  }) => {
    await using orphan = await orphaned({ databaseUrl, schema, store, client, sql, q });
    orphan.controller.abort("the user left");
    const error = await rejection(orphan.appended);
    expect(error).toMatchObject({ code: "OUTCOME_UNKNOWN", cause: "the user left" });
    await orphan.holder.query("commit");
    const [id = ""] = idsOf(error);
    expect(await store.appendToStream("cart-1", [{ ...added(1), id }], { expectedVersion: 1 })).toMatchObject({ version: 2 });
    expect(await log("cart-1")).toHaveLength(2);
  });

  test("by the system's kill -9, which restarts the server, is written once, and so is all beside it", async () => {
    await using server = await startServer();
    await using store = await openEventStore(server.url, { pool: { connectionTimeoutMs: 25_000 } });
    await store.appendToStream("cart-0", [added(-1)]);
    // Backends run in the data folder, and a file outlives the crash that a sequence might not.
    await store.query(`
      create function public.kill() returns trigger language plpgsql as $$ begin
        execute format('copy (select 1) to program ''cat > /dev/null; test -e killed || (touch killed && kill -9 %s)''', pg_backend_pid());
        return null;
      end $$;
      create trigger kill after insert on tidemark.events for each statement execute function public.kill()`);
    const results = await Promise.all(times(60, (n) => store.appendToStream(`cart-${n % 20}`, [added(n)])));
    expect(results.map(({ version }) => version)).toEqual(times(60, (n) => Math.floor(n / 20) + (n % 20 === 0 ? 2 : 1)));
    const { rows } = await store.query<{ n: number }>("select (data ->> 'n')::int as n from tidemark.events order by 1");
    expect(rows.map(({ n }) => n)).toEqual(times(61, (n) => n - 1));
  });
});
