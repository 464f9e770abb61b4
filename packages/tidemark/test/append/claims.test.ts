import type pg from "pg";
import type { NewEvent } from "tidemark";
import { type CourseEvent, seatOf, seatTaken } from "../support/courses.ts";
import { describe, expect, rejection, test, times, waitersFor } from "./test.ts";

function tagged(count: number, name: string): NewEvent {
  return { type: "Tagged", data: {}, tags: times(count, (n) => `${name}:${n}`) };
}

async function locksOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query("select count(*)::int as n from pg_locks where pid = pg_backend_pid() and locktype = 'advisory'");
  return rows[0].n;
}

const decide = { condition: { query: seatOf("c1") } };

describe("the claims of a transaction", () => {
  test("of thousands of tagged appends are few, keep conditions out, and are gone with it", async ({ store, client, sql }) => {
    const user = await client();
    await user.query("begin");
    const tx = store.withTransaction(user);
    for (let n = 0; n < 30; n++) await tx.append([tagged(60, `t${n}`)], { streamId: `bulk-${n % 5}` });
    expect(await locksOf(user)).toBeLessThan(560);
    let ended = false;
    const decided = store.append<CourseEvent>([seatTaken("c1", "s1")], decide).finally(() => expect(ended).toBe(true));
    await waitersFor(sql, 1);
    // Whoever demands nothing does not meet the bulk claim.
    await Promise.all(times(20, (n) => store.append([seatTaken("c2", `s${n}`)], { streamId: `free-${n}` })));
    ended = true;
    await user.query("commit");
    expect(await decided).toMatchObject({ version: 1 });
  });

  test("are counted anew after a rollback to a savepoint", async ({ store, client }) => {
    const user = await client();
    await user.query("begin");
    const tx = store.withTransaction(user);
    await tx.append([tagged(64, "kept")]);
    const before = await locksOf(user);
    for (let n = 0; n < 20; n++) {
      await user.query("savepoint s");
      await tx.append([tagged(60, `gone-${n}`)], { streamId: "gone" });
      await user.query("rollback to savepoint s");
    }
    expect(await locksOf(user)).toBe(before);
    // Had they been counted, this would be the bulk claim, and the decision would wait.
    await tx.append([tagged(60, "last")], { streamId: "last" });
    expect(await store.append<CourseEvent>([seatTaken("c1", "s1")], decide)).toMatchObject({ version: 1 });
    await user.query("commit");
  });

  test("are counted anew in the next transaction of the connection", async ({ store, client }) => {
    const user = await client();
    for (let n = 0; n < 10; n++) {
      await user.query("begin");
      await store.withTransaction(user).append([tagged(64, `t${n}`)], { streamId: "counted" });
      await user.query("commit");
    }
    await user.query("begin");
    await store.withTransaction(user).append([tagged(64, "last")], { streamId: "counted" });
    expect(await store.append<CourseEvent>([seatTaken("c1", "s1")], decide)).toMatchObject({ version: 1 });
    await user.query("commit");
  });

  test("are many in as many transactions as the server's lock table has room for, and few in all others", async ({ store, client, sql }) => {
    const { rows } = await sql.query<{ tickets: number }>(`
      select current_setting('max_locks_per_transaction')::int
             * (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int) / 2 / 512 as tickets`);
    const users: pg.Client[] = [];
    for (let n = 0; n <= (rows[0]?.tickets ?? 0); n++) {
      const user = await client();
      users.push(user);
      await user.query("begin");
      await store.withTransaction(user).append([tagged(60, `t${n}`), tagged(60, `u${n}`)], { streamId: `s-${n}` });
    }
    const locks = await Promise.all(users.map(locksOf));
    expect(locks.at(-1)).toBeLessThan(20);
    expect(locks.slice(0, -1).every((count) => count > 120)).toBe(true);
    await Promise.all(users.map((user) => user.query("commit")));
  });

  test("of an append with more tags than claims waits for open conditions, and they see what it wrote", async ({ store, client, sql }) => {
    const user = await client();
    await user.query("begin");
    await store.withTransaction(user).append<CourseEvent>([], { streamId: "decision", ...decide });
    const events = [...times(20, (n) => tagged(60, `t${n}`)), seatTaken("c1", "s1")];
    let ended = false;
    const written = store.append(events, { streamId: "bulk" }).finally(() => expect(ended).toBe(true));
    await waitersFor(sql, 1);
    ended = true;
    await user.query("commit");
    expect(await written).toMatchObject({ version: 21 });
    expect(await rejection(store.append<CourseEvent>([seatTaken("c1", "s2")], decide))).toMatchObject({ code: "CONDITION_FAILED", streamId: "bulk" });
  });
});

describe("appends with many tags", () => {
  test("made at once all go through, and their batches are cut before they need the bulk claim", async ({ store, client }) => {
    await Promise.all(
      times(6, (n) =>
        store.append(
          times(20, (i) => tagged(60, `${n}-${i}`)),
          { streamId: `bulk-${n}` },
        ),
      ),
    );
    const user = await client();
    await user.query("begin");
    await store.withTransaction(user).append<CourseEvent>([], { streamId: "decision", ...decide });
    // While a condition is open no bulk claim is to be had.
    await Promise.all(times(400, (n) => store.append([tagged(4, `small-${n}`)], { streamId: `small-${n}` })));
    // Nor by many events that share their tags.
    await store.append(
      times(300, () => tagged(4, "same")),
      { streamId: "same" },
    );
    await user.query("commit");
    expect(await store.readAll({ limit: 5_000 }).toArray()).toHaveLength(120 + 400 + 300);
  });

  test("of several tenants and types in one batch each have their own claims", async ({ store, client }) => {
    const names = times(15, (n) => `tenant-${n}`);
    const user = await client();
    await user.query("begin");
    await store
      .forTenant("tenant-3")
      .withTransaction(user)
      .append([], { streamId: "decision", condition: { query: [{ types: ["T7"] }] } });
    const open = new Set<string>();
    const calls = names.flatMap((tenant) =>
      times(15, async (n) => {
        open.add(`${tenant} ${n}`);
        await store.forTenant(tenant).append([{ type: `T${n}`, data: {}, tags: ["x"] }], { streamId: `s-${n}` });
        open.delete(`${tenant} ${n}`);
      }),
    );
    await expect.poll(() => [...open], { timeout: 60_000 }).toEqual(["tenant-3 7"]);
    await user.query("commit");
    await Promise.all(calls);
  });
});

describe("two transactions that both write a tag and then demand something of it", () => {
  test("end as a deadlock for one of them, which PostgreSQL tells", async ({ store, client }) => {
    const users = [await client(), await client()];
    const txs = users.map((user) => store.withTransaction(user));
    for (const [n, user] of users.entries()) {
      await user.query("begin");
      await txs[n]?.append([seatTaken("c1", `s${n}`)], { streamId: `stream-${n}` });
    }
    const demand = async (n: number): Promise<unknown> => {
      const query = [{ tags: ["other"] }, { tags: ["course:c1"] }];
      const error = await rejection(txs[n]?.append<CourseEvent>([], { streamId: `stream-${n}`, condition: { query } }) ?? Promise.resolve());
      await users[n]?.query("rollback");
      return error;
    };
    // Who is left finds what it wrote itself.
    const errors = await Promise.all([demand(0), demand(1)]);
    expect(errors).toEqual(expect.arrayContaining([expect.objectContaining({ sqlState: "40P01" }), expect.objectContaining({ code: "CONDITION_FAILED" })]));
  });
});
