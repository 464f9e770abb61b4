import pg from "pg";
import { append, positions, sequenceOf } from "./open.ts";
import { describe, expect, test } from "./test.ts";
import { fn } from "../support/functions.ts";

const twoTo32 = 2 ** 32;
/** Floors nearer than this below 2^32 positions under the sequence are taken for ones ahead of it. */
const ahead = 2 ** 24;

function setSequence(sql: pg.Pool, schema: string, value: number): Promise<unknown> {
  return sql.query("select setval($1::text::regclass, $2)", [sequenceOf(schema), value]);
}

/** Publishes a floor that the sequence has not reached, as an append does between the reader's first two steps. */
async function holdFloorAt(sql: pg.Pool, schema: string, floor: number): Promise<AsyncDisposable> {
  const client = await sql.connect();
  const name = pg.escapeIdentifier(schema);
  await client.query(
    `begin; select pg_advisory_xact_lock_shared(${name}.${fn("lock_number")}('${sequenceOf(schema)}'::regclass::oid::bigint), ${name}.${fn("lock_number")}(${floor}))`,
  );
  return {
    async [Symbol.asyncDispose]() {
      await client.query("rollback");
      client.release();
    },
  };
}

describe("positions past what 32 bits hold", () => {
  test.for([2 ** 31 - 2, 2 ** 31 - 1, 2 ** 31 + 7, twoTo32 - 2, twoTo32 - 1, twoTo32, twoTo32 + 2 ** 31, 2 ** 52])(
    "from %d on, an open append holds the mark and lets it go",
    async (start, { store, begin, sql, schema }) => {
      await setSequence(sql, schema, start);
      const before = await append(store, "before");
      expect(before).toBe(start + 1);
      const open = await begin();
      const held = await open.append("open");
      const later = await append(store, "later");
      expect(await store.highWaterMark()).toBe(before);
      expect(await store.blockers()).toMatchObject([{ events: 1 }]);
      await open.commit();
      expect(await store.highWaterMark()).toBe(later);
      expect(await positions(store, start)).toEqual([before, held, later]);
    },
  );
});

describe("an open append that is left far behind", () => {
  test.for([2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, twoTo32 - ahead - 1])(
    "by %d positions still holds the mark",
    async (distance, { store, begin, sql, schema }) => {
      const before = await append(store, "before");
      const open = await begin();
      await open.append("open");
      await setSequence(sql, schema, before + distance - 1);
      const later = await append(store, "later");
      expect(later).toBe(before + distance);
      expect(await store.highWaterMark()).toBe(before);
      expect(await store.blockers()).toMatchObject([{ events: 1 }]);
      await open.commit();
      expect(await store.highWaterMark()).toBe(later);
    },
  );
});

describe("a floor ahead of the sequence, published after it was read,", () => {
  test.for([
    { last: 5, by: 1 },
    { last: 5, by: 1_000 },
    { last: 5, by: ahead },
    { last: twoTo32 - 3, by: 7 },
    { last: 2 ** 31 - 3, by: 7 },
  ])("holds nothing back: %o", async ({ last, by }, { store, sql, schema }) => {
    await setSequence(sql, schema, last - 1);
    expect(await append(store, "order")).toBe(last);
    await using _floor = await holdFloorAt(sql, schema, last + by);
    expect(await store.highWaterMark()).toBe(last);
    expect(await store.blockers()).toEqual([]);
  });
});

describe("a sequence that was put back behind the log", () => {
  test("is refused with what to do, and then nothing appears below a mark that was given out", async ({ store, sql, schema }) => {
    for (let n = 1; n <= 3; n++) await append(store, "order");
    expect(await store.highWaterMark()).toBe(3);
    await setSequence(sql, schema, 1);
    const error = await append(store, "order").catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "SEQUENCE_BEHIND", sequence: 1, log: 3 });

    await setSequence(sql, schema, 3);
    expect(await append(store, "order")).toBe(4);
    expect(await store.highWaterMark()).toBe(4);
  });
});
