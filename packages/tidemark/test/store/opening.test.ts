import pg from "pg";
import { InvalidArgumentError, openEventStore } from "../../src/index.ts";
import { itemAdded } from "../support/cart.ts";
import { describe, expect, failure, test } from "./test.ts";

describe("openEventStore", () => {
  test("with postgres:// opens one on a server, which other connections see", async ({ databaseUrl, schema, q, sql }) => {
    await using store = await openEventStore(databaseUrl, { schema });
    await store.appendToStream("cart-1", [itemAdded()]);
    expect((await sql.query(`select count(*)::int as events from ${q}.events`)).rows).toEqual([{ events: 1 }]);
    expect(store.pool).toBeInstanceOf(pg.Pool);
  });

  test("with a pg.Pool works on it and never ends it", async ({ databaseUrl, schema }) => {
    const pool = new pg.Pool({ connectionString: databaseUrl });
    const store = await openEventStore({ pool, schema });
    expect(store.pool).toBe(pool);
    await store.appendToStream("cart-1", [itemAdded()]);
    await store.close();
    expect((await pool.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    expect(pool.ending).toBe(false);
    await pool.end();
  });
});

describe("openEventStore refuses, before it opens anything,", () => {
  test.for([
    { given: ["mysql://localhost/shop"], told: 'url must begin with postgres:// or file: (got "mysql://").' },
    {
      given: ["./data"],
      told: 'url must begin with postgres:// or file: (got 6 characters). Pass "postgres://user@host:5432/database" for a server, "file:./data"',
    },
    { given: [""], told: "an environment variable that is not set" },
    { given: ["file:"], told: "names no folder" },
    { given: ["postgres://user:pa#ss@host:port/db"], told: "percent-encoded" },
    { given: [null], told: "not null" },
    { given: [42], told: "not 42" },
    { given: [new URL("postgres://localhost/shop")], told: "pass its href" },
    { given: [{ schem: "shop" }], told: 'options.schem is not an option; did you mean "schema"?' },
    { given: [undefined, { migrates: "off" }], told: 'did you mean "migrate"?' },
    { given: [{ pool: { maxx: 3 } }], told: 'options.pool.maxx is not an option; did you mean "max"?' },
    { given: [{ limits: { eventbytes: 3 } }], told: 'did you mean "eventBytes"?' },
    { given: [{ migrate: "of" }], told: 'did you mean "off"?' },
    { given: [{ events: {} }], told: "options.events must be a catalogue made by defineEvents" },
    { given: [{ events: { types: [] } }], told: "options.events must be a catalogue made by defineEvents" },
    { given: [{ event: {} }], told: 'did you mean "events"?' },
    { given: [{ unknownEvents: "skp" }], told: 'did you mean "skip"?' },
    { given: [{ schema: "x".repeat(64) }], told: "64 bytes" },
    { given: [{}, {}], told: "must be a string where options follow it" },
    { given: ["postgres://localhost/shop", { pool: new pg.Pool() }], told: "a URL was given too" },
    { given: [{ pool: new pg.Client() }], told: "a single client cannot serve a store" },
  ])("$told", async ({ given, told }) => {
    const error = await failure(() => Reflect.apply(openEventStore, undefined, given));
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", message: expect.stringContaining(told) });
  });

  test("and tells no password of a URL that is wrong", async () => {
    for (const url of ["mysql://me:s3cret-canary@host/db", "postgres://me:s3cret-canary@host:port/db", "postgres://me:s3cret-canary@127.0.0.1:1/db"]) {
      const error = await failure(() => openEventStore(url, { pool: { connectionTimeoutMs: 2_000 } }));
      expect(error).toBeInstanceOf(Error);
      expect(`${String(error)} ${JSON.stringify(error, Object.getOwnPropertyNames(error))}`).not.toContain("s3cret-canary");
    }
  });
});
