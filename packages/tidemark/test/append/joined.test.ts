import { randomUUID } from "node:crypto";
import { added, describe, eventually, expect, lockStream, rejection, test, times, waitersFor } from "./test.ts";

const conflict = { code: "VERSION_CONFLICT", streamId: "cart-1" };

describe("an append in a READ COMMITTED transaction of the user's", () => {
  test("that conflicts leaves the transaction usable", async ({ store, client, log }) => {
    await store.appendToStream("cart-1", [added()]);
    const user = await client();
    await user.query("begin");
    const tx = store.withTransaction(user);
    expect(await rejection(tx.appendToStream("cart-1", [added()], { expectedVersion: 0 }))).toMatchObject({ ...conflict, actual: 1 });
    expect(await tx.appendToStream("cart-1", [added(2)], { expectedVersion: 1 })).toMatchObject({ version: 2 });
    await user.query("commit");
    expect((await log()).map(({ version }) => version)).toEqual([1, 2]);
  });

  test("is gone after a rollback, and after a rollback to a savepoint", async ({ store, client, log }) => {
    const user = await client();
    await user.query("begin");
    const tx = store.withTransaction(user);
    await tx.appendToStream("cart-1", [added(1)]);
    await user.query("savepoint before");
    await tx.appendToStream("cart-1", [added(2)]);
    await user.query("rollback to before");
    expect(await tx.appendToStream("cart-1", [added(3)])).toMatchObject({ version: 2 });
    await user.query("commit");
    expect((await log()).map(({ data }) => data)).toEqual([{ n: 1 }, { n: 3 }]);
    await user.query("begin");
    await store.withTransaction(user).appendToStream("cart-1", [added(4)]);
    await user.query("rollback");
    expect(await log()).toHaveLength(2);
    expect(await store.appendToStream("cart-1", [added(5)], { expectedVersion: 2 })).toMatchObject({ version: 3 });
  });

  test("keeps its stream to itself until the commit", async ({ store, client, log }) => {
    const user = await client();
    await user.query("begin");
    const inside = await store.withTransaction(user).appendToStream("cart-1", [added(1)]);
    let waited = true;
    const outside = store.appendToStream("cart-1", [added(2)]).then((result) => ({ result, waited }));
    await store.appendToStream("cart-2", [added(3)]);
    expect((await log()).map(({ stream }) => stream)).toEqual(["cart-2"]);
    waited = false;
    await user.query("commit");
    expect(await outside).toMatchObject({ result: { version: 2 }, waited: false });
    expect(inside).toMatchObject({ version: 1, created: true });
  });

  test("has later times than what was written while it waited", async ({ store, client, sql, log }) => {
    await store.appendToStream("cart-1", [added()]);
    const holder = await client();
    await holder.query("begin");
    const first = store.withTransaction(holder);
    await first.appendToStream("cart-1", [added()]);
    const user = await client();
    await user.query("begin");
    const waiting = store.withTransaction(user).appendToStream("cart-1", [added()]);
    await eventually(async () => {
      const { rows } = await sql.query(
        "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%append_many%'",
      );
      expect(rows).toHaveLength(1);
    });
    // Times are whole milliseconds.
    await sql.query("select pg_sleep(0.005)");
    await first.appendToStream("cart-1", [added()]);
    await holder.query("commit");
    expect(await waiting).toMatchObject({ version: 4 });
    await user.query("commit");
    const recorded = (await log("cart-1")).map(({ recorded_at }) => recorded_at.getTime());
    expect(recorded).toEqual(recorded.toSorted((a, b) => a - b));
  });

  test("gives the first result for ids that are there, and refuses them with other content", async ({ store, client, log }) => {
    const event = { ...added(), id: randomUUID() };
    const first = await store.appendToStream("cart-1", [event]);
    const user = await client();
    await user.query("begin");
    const tx = store.withTransaction(user);
    expect(await tx.appendToStream("cart-1", [event], { expectedVersion: 0 })).toEqual(first);
    expect(await rejection(tx.appendToStream("cart-2", [event]))).toMatchObject({ code: "DUPLICATE_EVENT", eventId: event.id });
    const own = { ...added(), id: randomUUID() };
    const inside = await tx.appendToStream("cart-3", [own]);
    expect(await tx.appendToStream("cart-3", [own])).toEqual(inside);
    await user.query("commit");
    expect(await log()).toHaveLength(2);
  });

  test("over thousands of calls holds one floor, also past a savepoint that was rolled back", async ({ store, client, sql, q, log }) => {
    const user = await client();
    await user.query("begin");
    const tx = store.withTransaction(user);
    const floors = async (): Promise<number> => {
      const { rows } = await sql.query(
        `select count(*)::int as n from pg_locks
          where locktype = 'advisory' and classid = $1::regclass::oid and granted
            and database = (select oid from pg_database where datname = current_database())`,
        [`${q}.events_position_seq`],
      );
      return rows[0].n;
    };
    await user.query("savepoint first");
    await tx.appendToStream("cart-0", [added()]);
    await user.query("rollback to first");
    expect(await floors()).toBe(0);
    for (let n = 0; n < 500; n++) await tx.appendToStream(`cart-${n % 7}`, times(40, added));
    expect(await floors()).toBe(1);
    await user.query("savepoint second");
    await tx.appendToStream("cart-1", [added()]);
    await user.query("rollback to second");
    await tx.appendToStream("cart-1", [added()]);
    expect(await floors()).toBe(1);
    await user.query("commit");
    expect(await floors()).toBe(0);
    expect(await log()).toHaveLength(20_001);
  });

  test("waits for a locked stream as long as the user's transaction lets it", async ({ store, client, q }) => {
    await store.appendToStream("cart-1", [added()]);
    await lockStream(await client(), q, "cart-1");
    const user = await client();
    await user.query("begin; set local lock_timeout = '20ms'");
    expect(await rejection(store.withTransaction(user).appendToStream("cart-1", [added()]))).toMatchObject({
      code: "DATABASE",
      sqlState: "55P03",
      retryable: true,
    });
    expect(await rejection(store.withTransaction(user).appendToStream("cart-2", [added()]))).toMatchObject({ code: "DATABASE", sqlState: "25P02" });
    await user.query("rollback");
  });
});

describe.for(["repeatable read", "serializable"])("an append in a %s transaction of the user's", (level) => {
  test("is refused when the stream has moved on since the snapshot, and nothing of it is written", async ({ store, client, log }) => {
    await store.appendToStreams([
      { streamId: "cart-1", events: [added()] },
      { streamId: "cart-2", events: [added()] },
    ]);
    const user = await client();
    for (const [streamId, expectedVersion] of [
      ["cart-1", "any"],
      ["cart-1", 1],
      ["cart-1", 2],
      ["cart-9", 0],
      ["cart-9", "any"],
    ] as const) {
      await user.query(`begin isolation level ${level}`);
      await user.query("select 1");
      const result = await store.appendToStream(streamId, [added()]);
      const error = await rejection(store.withTransaction(user).appendToStream(streamId, [added()], { expectedVersion }));
      expect(error).toMatchObject({ code: expect.stringMatching(/^(SERIALIZATION_FAILURE|VERSION_CONFLICT)$/) });
      if (expectedVersion === "any") expect(error).toMatchObject({ code: "SERIALIZATION_FAILURE", retryable: true });
      await user.query("rollback");
      expect(await log(streamId)).toHaveLength(result.version);
    }
  });

  test("is refused when a stream has moved on that it only reads, and nothing of it is written", async ({ store, client, log }) => {
    await store.appendToStreams([
      { streamId: "limit-1", events: [added()] },
      { streamId: "limit-2", events: [added()] },
    ]);
    // A row without events.
    await store.appendToStreams([{ streamId: "limit-0", events: [], expectedVersion: 0 }]);
    const user = await client();
    for (const [streamId, expectedVersion] of [
      ["limit-1", 1],
      ["limit-2", { unchangedSince: 2 }],
      ["limit-0", 0],
      ["limit-9", "no-stream"],
    ] as const) {
      await user.query(`begin isolation level ${level}`);
      await user.query("select 1");
      await store.appendToStream(streamId, [added()]);
      const appended = store.withTransaction(user).appendToStreams([
        { streamId: "cart-1", events: [added()] },
        { streamId, events: [], expectedVersion },
      ]);
      expect(await rejection(appended), streamId).toMatchObject({ code: "SERIALIZATION_FAILURE", retryable: true });
      await user.query("rollback");
    }
    expect(await log("cart-1")).toEqual([]);
  });

  test("is written when a stream has not moved that it only reads, and holds that stream", async ({ store, client, log, q, sql }) => {
    await store.appendToStream("limit-1", [added()]);
    const user = await client();
    await user.query(`begin isolation level ${level}`);
    await user.query("select 1");
    const tx = store.withTransaction(user);
    const appended = await tx.appendToStreams([
      { streamId: "cart-1", events: [added()] },
      { streamId: "limit-0", events: [], expectedVersion: "no-stream" },
      { streamId: "limit-1", events: [], expectedVersion: 1 },
    ]);
    expect(appended).toMatchObject([{ version: 1 }, { version: 0 }, { version: 1 }]);
    const behind = store.appendToStream("limit-1", [added()]);
    await waitersFor(sql, 1);
    await user.query("commit");
    expect(await behind).toMatchObject({ version: 2 });
    expect((await log()).map(({ stream, version }) => [stream, version])).toEqual([
      ["limit-1", 1],
      ["cart-1", 1],
      ["limit-1", 2],
    ]);
    const { rows } = await sql.query(`select count(*)::int as n from ${q}.events where position < 1`);
    expect(rows).toEqual([{ n: 0 }]);
  });

  test("is written when nothing moved", async ({ store, client, log }) => {
    await store.appendToStream("cart-1", [added()]);
    const user = await client();
    await user.query(`begin isolation level ${level}`);
    const tx = store.withTransaction(user);
    expect(await tx.appendToStream("cart-1", [added()], { expectedVersion: 1 })).toMatchObject({ version: 2 });
    expect(await rejection(tx.appendToStream("cart-1", [added()], { expectedVersion: 1 }))).toMatchObject({ ...conflict, actual: 2 });
    expect(
      await tx.appendToStreams([
        { streamId: "cart-2", events: [added()], expectedVersion: 0 },
        { streamId: "cart-1", events: [] },
      ]),
    ).toMatchObject([{ version: 1 }, { version: 2 }]);
    await user.query("commit");
    expect(await log()).toHaveLength(3);
  });
});

describe("a transaction of the store's", () => {
  test("whose commit PostgreSQL turns into a rollback is an error", async ({ store, log }) => {
    const swallowed = store.transaction(async (tx) => {
      await tx.appendToStream("cart-1", [added()]);
      await tx.query("select 1 / 0").catch(() => undefined);
    });
    expect(await rejection(swallowed)).toMatchObject({ code: "DATABASE", sqlState: "25P02" });
    expect(await log()).toEqual([]);
  });

  test("rolls its appends back when the callback throws", async ({ store, log }) => {
    const mine = new Error("mine");
    const failing = store.transaction(async (tx) => {
      await tx.appendToStream("cart-1", [added()]);
      throw mine;
    });
    expect(await rejection(failing)).toBe(mine);
    expect(await log()).toEqual([]);
  });
});
