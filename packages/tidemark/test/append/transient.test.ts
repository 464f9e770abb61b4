import pg from "pg";
import { startProxy, startServer } from "@tidemark/servers";
import { openEventStore } from "tidemark";
import { added, describe, eventually, expect, rejection, test, times } from "./test.ts";

const fast = { fsync: "off" } as const;

/** Refuses the first four of five tries to write event 7. Sequences do not roll back. */
async function refuseSeven(sql: pg.Pool, q: string, condition: string): Promise<void> {
  await sql.query(`
    create sequence ${q}.tries;
    create function ${q}.refuse() returns trigger language plpgsql as $$ begin
      if (new.data ->> 'n')::int = 7 and nextval('${q.replaceAll("'", "''")}.tries') % 5 <> 0 then raise ${condition}; end if;
      return new;
    end $$;
    create trigger refuse before insert on ${q}.events for each row execute function ${q}.refuse()`);
}

describe("a refusal that passes", () => {
  test.for([
    ["40001", "serialization_failure"],
    ["40P01", "deadlock_detected"],
    ["53300", "too_many_connections"],
    ["57P03", "cannot_connect_now"],
  ])("(%s) is tried again, alone and in a batch, and written once", async ([, condition = ""], { store, sql, q, log }) => {
    await refuseSeven(sql, q, condition);
    expect(await store.appendToStream("cart-1", [added(7)])).toMatchObject({ version: 1 });
    await Promise.all(times(20, (n) => store.appendToStream(`cart-${n}`, [added(n)])));
    expect(await log()).toHaveLength(21);
  });

  test.for(["serialization_failure", "deadlock_detected"])("(%s) is tried again in a batch with a culprit too", async (condition, { store, sql, q, log }) => {
    await refuseSeven(sql, q, condition);
    await sql.query(`alter table ${q}.events add constraint quantity_check check ((data ->> 'n')::int >= 0)`);
    const settled = await Promise.allSettled(times(20, (n) => store.appendToStream(`cart-${n}`, [added(n === 0 ? -1 : n)])));
    expect(settled.map(({ status }) => status)).toEqual(times(20, (n) => (n === 0 ? "rejected" : "fulfilled")));
    expect(await log()).toHaveLength(19);
  });

  test("is told when it does not pass within the connection time-out", async ({ openStore, sql, q, log }) => {
    const store = await openStore({ pool: { connectionTimeoutMs: 2_000 } });
    await sql.query(`
      create function ${q}.refuse() returns trigger language plpgsql as $$ begin raise serialization_failure; end $$;
      create trigger refuse before insert on ${q}.events for each row execute function ${q}.refuse()`);
    expect(await rejection(store.appendToStream("cart-1", [added()]))).toMatchObject({ code: "DATABASE", sqlState: "40001", retryable: true });
    expect(await log()).toEqual([]);
  });
});

describe("a server", () => {
  test("that has no connection left is asked again until it has", async () => {
    await using server = await startServer({ settings: { ...fast, max_connections: 8, superuser_reserved_connections: 0, reserved_connections: 0 } });
    await using proxy = await startProxy({ port: server.port });
    await using store = await openEventStore(proxy.through(server.url), { pool: { idleTimeoutMs: 1 } });
    await eventually(() => expect(proxy.connections()).toBe(0));
    const strangers: pg.Client[] = [];
    for (;;) {
      const stranger = new pg.Client(server.url);
      const error: unknown = await stranger.connect().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error !== undefined) break;
      strangers.push(stranger);
    }
    let refusals = 0;
    proxy.on("backend", ({ name }) => void (name === "ErrorResponse" && refusals++));
    const appended = Promise.all(times(30, (n) => store.appendToStream(`cart-${n}`, [added(n)])));
    await eventually(() => expect(refusals).toBeGreaterThan(2));
    await Promise.all(strangers.map((stranger) => stranger.end()));
    for (const { version } of await appended) expect(version).toBe(1);
  });

  test("that is stopped and started while callers append loses and repeats nothing", async () => {
    await using server = await startServer({ settings: fast });
    await using store = await openEventStore(server.url, { pool: { connectionTimeoutMs: 25_000 } });
    let written = 0;
    const enough = new AbortController();
    const callers = Promise.all(
      times(20, async (n) => {
        for (let next = 1; !enough.signal.aborted; next++) {
          expect(await store.appendToStream(`cart-${n}`, [added(next)])).toMatchObject({ version: next });
          written++;
        }
      }),
    );
    for (const end of [() => server.stop(), () => server.kill()]) {
      const before = written;
      await eventually(() => expect(written).toBeGreaterThan(before + 100));
      await end();
      await server.start();
    }
    const before = written;
    await eventually(() => expect(written).toBeGreaterThan(before + 100));
    enough.abort();
    await callers;
    const { rows } = await store.query(
      "select count(*)::int as n, count(distinct (stream_id, data operator(pg_catalog.->>) 'n'))::int as calls from tidemark.events",
    );
    expect(rows).toEqual([{ n: written, calls: written }]);
  });

  test("that never comes back fails its callers with nothing sent", async () => {
    await using server = await startServer({ settings: fast });
    await using store = await openEventStore(server.url, { pool: { connectionTimeoutMs: 2_000 } });
    await server.stop();
    const settled = await Promise.allSettled(times(10, (n) => store.appendToStream(`cart-${n}`, [added()])));
    for (const outcome of settled) expect(outcome).toMatchObject({ reason: { code: "CONNECTION", sent: false, retryable: true } });
    await server.start();
    await Promise.all(times(10, (n) => store.appendToStream(`cart-${n}`, [added()], { expectedVersion: 0 })));
  });
});
