import { startServer } from "@tidemark/servers";
import { openEventStore } from "tidemark";
import { added, describe, eventually, expect, recordWarnings, rejection, test, times } from "./test.ts";

describe("the option durability", () => {
  test.for(["server", "on", "off"] as const)("%s is synchronous_commit of every append, whichever way it takes", async (durability, { openStore, sql, q }) => {
    const store = await openStore({ durability });
    const { rows: servers } = await sql.query("select current_setting('synchronous_commit') as setting");
    await sql.query(`
      create table ${q}.seen (n int, setting text);
      create function ${q}.look() returns trigger language plpgsql as $$ begin
        insert into ${q}.seen values ((new.data ->> 'n')::int, current_setting('synchronous_commit'));
        return new;
      end $$;
      create trigger look before insert on ${q}.events for each row execute function ${q}.look();
      alter table ${q}.events add constraint quantity_check check ((data ->> 'n')::int >= 0)`);
    await store.appendToStream("cart-1", [added(1)]);
    await store.appendToStream("cart-1", [added(2), added(3)]);
    await Promise.allSettled(times(6, (n) => store.appendToStream(`cart-${n}`, [added(n === 2 ? -1 : n)])));
    const { rows } = await sql.query(`select distinct setting from ${q}.seen`);
    expect(rows).toEqual([{ setting: durability === "server" ? servers[0].setting : durability }]);
    const { rows: after } = await store.query("select current_setting('synchronous_commit') as setting");
    expect(after).toEqual(servers);
  });

  test("on waits for a synchronous standby; what was committed but perhaps not replicated is told to the logger", async () => {
    await using server = await startServer({ settings: { fsync: "off" } });
    const { logger, warnings } = recordWarnings();
    await using store = await openEventStore(server.url, { durability: "on", logger, pool: { queryTimeoutMs: 100_000 } });
    await store.query("select 1");
    await store.query("alter system set synchronous_standby_names = 'nobody'");
    await store.query("select pg_reload_conf()");
    await eventually(async () =>
      expect((await store.query("select current_setting('synchronous_standby_names') as names")).rows).toEqual([{ names: "nobody" }]),
    );
    const appending = store.appendToStream("cart-1", [added()]);
    // The wait ends once it has begun, and not after a time: what is cancelled before it commits would be sent again.
    await eventually(async () =>
      expect((await store.query("select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'")).rowCount).toBe(1),
    );
    expect(await appending).toMatchObject({ version: 1 });
    expect(warnings).toEqual([expect.stringContaining("perhaps not replicated")]);
  });
});

describe("recordedAt", () => {
  test("is what the option now returns, to the millisecond", async ({ openStore, log }) => {
    const now = new Date("2020-02-29T12:34:56.789Z");
    const store = await openStore({ now: () => now });
    await store.appendToStream("cart-1", [added()]);
    await Promise.all(times(3, () => store.appendToStream("cart-1", [added(), added()])));
    await store.transaction((tx) => tx.appendToStream("cart-1", [added()]));
    expect((await log()).map(({ recorded_at }) => recorded_at)).toEqual(times(8, () => now));
  });

  test("is the database's clock otherwise, and never runs backwards in a stream", async ({ store, log, sql }) => {
    const { rows: before } = await sql.query("select date_trunc('milliseconds', clock_timestamp()) as at");
    await Promise.all(times(200, (n) => store.appendToStream(`cart-${n % 2}`, [added(n)])));
    const { rows: after } = await sql.query("select clock_timestamp() as at");
    const recorded = (await log("cart-1")).map(({ recorded_at }) => recorded_at);
    expect(recorded).toEqual(recorded.toSorted((a, b) => a.getTime() - b.getTime()));
    expect(recorded[0]?.getTime()).toBeGreaterThanOrEqual(before[0].at.getTime());
    expect(recorded.at(-1)?.getTime()).toBeLessThanOrEqual(after[0].at.getTime() + 1);
  });
});

describe("a position sequence behind the log", () => {
  test("stops every append, which says how to put it right", async ({ store, sql, q, log }) => {
    await store.appendToStream("cart-1", times(9, added));
    await sql.query("select setval($1, 5)", [`${q}.events_position_seq`]);
    const ways = [
      () => store.appendToStream("cart-1", [added()]),
      () => store.appendToStream("cart-1", times(2, added)),
      () =>
        store.appendToStreams([
          { streamId: "cart-2", events: [added()] },
          { streamId: "cart-3", events: [added()] },
        ]),
      () => store.transaction((tx) => tx.appendToStream("cart-1", [added()])),
    ];
    for (const append of ways) {
      const error = await rejection(append());
      expect(error).toMatchObject({ code: "SEQUENCE_BEHIND", sequence: 5, log: 9, retryable: false });
      expect(String(error)).toMatch(/sequence is at 5, but the log reaches 9\b.* Run: select setval\('.*', 9\)/);
    }
    expect(await log()).toHaveLength(9);
    const [remedy] = /select setval\('.*', 9\)/.exec(String(await rejection(store.appendToStream("cart-1", [added()])))) ?? [];
    await sql.query(remedy ?? "");
    expect(await store.appendToStream("cart-1", [added()])).toMatchObject({ version: 10, position: 10 });
  });
});
