import { append, positions, sequenceOf } from "./open.ts";
import { describe, expect, test } from "./test.ts";

describe("an open append", () => {
  test("holds the mark below its position, and readers with it, until it commits", async ({ store, begin }) => {
    const first = await append(store, "before");
    const open = await begin();
    const held = await open.append("open");
    const later = await append(store, "later");
    expect(later).toBeGreaterThan(held);
    expect(await store.highWaterMark()).toBe(first);
    expect(await positions(store)).toEqual([first]);

    await open.commit();
    expect(await store.highWaterMark()).toBe(later);
    expect(await positions(store)).toEqual([first, held, later]);
  });

  test("leaves a gap that nobody waits for when it rolls back", async ({ store, begin }) => {
    const open = await begin();
    const gap = await open.append("open");
    const later = await append(store, "later");
    expect(await store.highWaterMark()).toBe(0);
    await open.rollback();
    expect(await store.highWaterMark()).toBe(later);
    expect(await positions(store)).toEqual([later]);
    expect(later).toBeGreaterThan(gap);
  });

  test("leaves a gap when its connection dies", async ({ store, begin, sql }) => {
    const open = await begin();
    open.client.on("error", () => {});
    await open.append("open");
    const later = await append(store, "later");
    const [blocker] = await store.blockers();
    await sql.query("select pg_terminate_backend($1, 5000)", [blocker?.pid]);
    expect(await store.highWaterMark()).toBe(later);
  });

  test("is held at the lowest of several, whatever their order of committing", async ({ store, begin }) => {
    const [one, two, three] = [await begin(), await begin(), await begin()];
    const first = await one.append("one");
    const second = await two.append("two");
    await three.append("three");
    await three.commit();
    expect(await store.highWaterMark()).toBe(0);
    await one.commit();
    expect(await store.highWaterMark()).toBe(first);
    await two.rollback();
    expect(await store.highWaterMark()).toBe(second + 1);
  });

  test("holds one lock, at its first floor, however much it appends", async ({ store, begin, sql, schema }) => {
    const before = await append(store, "before");
    const open = await begin();
    for (let n = 0; n < 5; n++) {
      await open.append(`open-${n}`);
      await append(store, "beside");
    }
    const { rows } = await sql.query(
      `select objid::int as floor from pg_locks
        where locktype = 'advisory' and classid = $1::text::regclass::oid
          and database = (select oid from pg_database where datname = current_database())`,
      [sequenceOf(schema)],
    );
    expect(rows).toEqual([{ floor: before }]);
    expect(await store.highWaterMark()).toBe(before);
  });
});

describe("a savepoint", () => {
  test("that is rolled back takes its floor with it, and the next append publishes another", async ({ store, begin }) => {
    const open = await begin();
    await open.execute("savepoint s");
    await open.append("undone");
    await open.execute("rollback to s");
    const between = await append(store, "between");
    expect(await store.highWaterMark()).toBe(between);

    const held = await open.append("open");
    const later = await append(store, "later");
    expect(await store.highWaterMark()).toBe(between);
    await open.commit();
    expect(await positions(store)).toEqual([between, held, later]);
  });

  test("that is rolled back leaves a floor taken before it", async ({ store, begin }) => {
    const before = await append(store, "before");
    const open = await begin();
    const held = await open.append("open");
    await open.execute("savepoint s");
    await open.append("undone");
    await open.execute("rollback to s");
    const later = await append(store, "later");
    expect(await store.highWaterMark()).toBe(before);
    const second = await open.append("open");
    expect(await store.highWaterMark()).toBe(before);
    await open.commit();
    expect(await positions(store, before)).toEqual([held, later, second]);
  });

  test("that is released hands its floor to the transaction", async ({ store, begin }) => {
    const open = await begin();
    await open.execute("savepoint s");
    const held = await open.append("open");
    await open.execute("release s");
    const later = await append(store, "later");
    expect(await store.highWaterMark()).toBe(0);
    await open.commit();
    expect(await positions(store)).toEqual([held, later]);
  });
});

describe("a prepared transaction", () => {
  test.for(["commit", "rollback"] as const)("holds the mark and is named, until %s prepared", async (end, { store, begin, sql }) => {
    const gid = `tidemark "${end}" ${crypto.randomUUID()}`;
    const open = await begin();
    const held = await open.append("open");
    await open.execute(`prepare transaction '${gid}'`);
    const later = await append(store, "later");
    expect(await store.highWaterMark()).toBe(0);
    expect(await store.blockers()).toEqual([{ pid: null, transaction: gid, applicationName: "", query: "", heldForMs: expect.any(Number), events: 1 }]);

    await sql.query(`${end} prepared '${gid}'`);
    expect(await store.highWaterMark()).toBe(later);
    expect(await positions(store)).toEqual(end === "commit" ? [held, later] : [later]);
    expect(await store.blockers()).toEqual([]);
  });
});

describe("inside an open append", () => {
  test.for(["select pg_advisory_unlock_all()", "reset all", "deallocate all", "discard plans", "set local role pg_monitor"])(
    "%s gives nothing away",
    async (text, { store, begin }) => {
      const before = await append(store, "before");
      const open = await begin();
      const held = await open.append("open");
      await open.execute(text);
      await open.execute("reset role");
      const between = await append(store, "between");
      expect(await store.highWaterMark()).toBe(before);
      const second = await open.append("open");
      const later = await append(store, "later");
      expect(await store.highWaterMark()).toBe(before);
      await open.commit();
      expect(await positions(store, before)).toEqual([held, between, second, later]);
    },
  );

  test("discard all is refused and gives nothing away", async ({ store, begin }) => {
    const open = await begin();
    await open.append("open");
    await open.execute("savepoint s");
    await expect(open.execute("discard all")).rejects.toThrow("DISCARD ALL cannot run inside a transaction block");
    await open.execute("rollback to s");
    await append(store, "later");
    expect(await store.highWaterMark()).toBe(0);
  });

  test("a setting that names a higher floor does not raise it", async ({ store, begin, sql, schema }) => {
    const before = await append(store, "before");
    const open = await begin();
    const { rows } = await sql.query("select $1::text::regclass::oid::text as oid", [sequenceOf(schema)]);
    await open.execute(`set tidemark.floor_${rows[0].oid} = '1000000'`);
    await open.append("open");
    await append(store, "later");
    expect(await store.highWaterMark()).toBe(before);
  });
});
