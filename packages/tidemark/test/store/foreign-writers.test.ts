import { itemAdded } from "../support/cart.ts";
import { runProgram } from "./child.ts";
import { describe, expect, failure, test as base } from "./test.ts";

/** `write`: an event's data as another program may write it with SQL of its own, at a time of its own. */
const test = base.extend("write", ({ sql, q }) => async (data: string, recordedAt = "2024-01-01 00:00:00Z"): Promise<void> => {
  await sql.query(
    `insert into ${q}.events (position, stream_id, version, id, recorded_at, type, data)
     select nextval('${q}.events_position_seq'), s.id, 1 + (select count(*) from ${q}.events as e where e.stream_id = s.id), gen_random_uuid(), $2::timestamptz, 'Foreign', $1::jsonb
       from ${q}.streams as s where s.name = 'cart-1'`,
    [data, recordedAt],
  );
});

describe("what another program wrote with SQL", () => {
  test("of numbers that JavaScript has not: the database keeps them, a reading rounds, and no append takes the rounded one for exact", async ({
    store,
    write,
    q,
  }) => {
    await store.appendToStream("cart-1", [itemAdded()]);
    await write('{"n": 9007199254740993}');
    await write('{"n": 1e400}');
    const [big, huge] = await store.readStream<{ type: "Foreign"; data: { n: number } }>("cart-1", { fromVersion: 2 }).toArray();
    expect(big?.data).toEqual({ n: 9_007_199_254_740_992 });
    expect(huge?.data).toEqual({ n: Number.POSITIVE_INFINITY });
    const { rows } = await store.query(`select data operator(pg_catalog.->>) 'n' as n from ${q}.events where type = 'Foreign' order by position`);
    expect(rows).toEqual([{ n: "9007199254740993" }, { n: `1${"0".repeat(400)}` }]);
    expect(await failure(() => store.appendToStream("cart-2", [{ type: "Copied", data: huge?.data }]))).toMatchObject({
      code: "INVALID_ARGUMENT",
      path: "events[0].data.n",
    });
  });

  test("with a key twice: the last one counts, as in JSON.parse", async ({ store, write }) => {
    await store.appendToStream("cart-1", [itemAdded()]);
    await write('{"a": 1, "b": 2, "a": 3}');
    expect(await store.readStream("cart-1", { fromVersion: 2 }).toArray()).toMatchObject([{ data: { a: 3, b: 2 } }]);
  });

  test("at a microsecond: it is kept to the millisecond, so that what is read finds it again", async ({ store, write }) => {
    await store.appendToStream("cart-1", [itemAdded()]);
    await write("{}", "2024-05-06 07:08:09.123456Z");
    const [event] = await store.readStream("cart-1", { fromVersion: 2 }).toArray();
    expect(event?.recordedAt).toEqual(new Date("2024-05-06T07:08:09.123Z"));
    if (!event) throw new Error("It was written.");
    expect(await store.readStream("cart-1", { asOf: event.recordedAt }).toArray()).toEqual([event]);
  });
});

describe("keys that are special to JavaScript", () => {
  test("come back as own keys, and change no object", async ({ store }) => {
    const data: unknown = JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": {}}, "then": "x", "toJSON": "y", "hasOwnProperty": 1}');
    await store.appendToStream("cart-1", [{ type: "Odd", data, metadata: JSON.parse('{"__proto__": {"polluted": true}}') }]);
    const [event] = await store.readStream("cart-1").toArray();
    expect(JSON.parse(JSON.stringify(event?.data))).toEqual(data);
    expect(Object.keys(Object(event?.data)).sort()).toEqual(["__proto__", "constructor", "hasOwnProperty", "then", "toJSON"]);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
    expect(Reflect.get(event?.metadata ?? {}, "polluted")).toBeUndefined();
  });

  test("put on Object.prototype are refused or do nothing, and the process lives", async ({ databaseUrl, schema }) => {
    const printed = await runProgram(
      `
      const store = await openEventStore(process.env.DATABASE_URL, { schema: process.env.STORE_SCHEMA });
      const write = (n) => store.appendToStream("cart-1", [{ type: "Odd", data: { n } }]).then(() => "written", (error) => error.code);
      Object.prototype.toJSON = () => "lie";
      const first = await write(1);
      delete Object.prototype.toJSON;
      Object.prototype.then = "x";
      Object.prototype.polluted = 1;
      const second = await write(2);
      const events = await store.readStream("cart-1").toArray();
      const own = events.map((event) => Object.keys(event.data));
      await store.close();
      console.log(JSON.stringify({ first, second, own, data: events.map((event) => event.data.n) }));`,
      { DATABASE_URL: databaseUrl, STORE_SCHEMA: schema },
    );
    expect(JSON.parse(printed)).toEqual({ first: "INVALID_ARGUMENT", second: "written", own: [["n"]], data: [2] });
  });
});

test("spellings of a UUID are one id", async ({ store }) => {
  const id = "0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d78";
  const first = await store.appendToStream("cart-1", [{ ...itemAdded(), id: id.toUpperCase() }]);
  for (const spelling of [id, `{${id}}`, `urn:uuid:${id}`, `URN:UUID:${id.toUpperCase()}`]) {
    expect(await store.appendToStream("cart-1", [{ ...itemAdded(), id: spelling }])).toMatchObject({ version: first.version, position: first.position });
    expect(await store.eventById(spelling)).toMatchObject({ id });
  }
  for (const [n, other] of ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "c232ab00-9414-11ec-b3c8-9f6bdeced846"].entries()) {
    await store.appendToStream("cart-1", [{ ...itemAdded(), id: other }]);
    expect(await store.eventById(other)).toMatchObject({ id: other, version: n + 2 });
  }
});
