import { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import { describe, expect, test } from "vitest";
import { checkOpenArguments, checkStoreOptions } from "../../src/arguments/store-options.ts";
import { newId } from "../../src/arguments/uuid.ts";
import { refusal } from "./refusal.ts";

describe("the options of a store", () => {
  test("have these defaults", () => {
    const { logger, ...rest } = checkStoreOptions(undefined);
    expect(rest).toEqual({
      schema: "tidemark",
      migrate: "auto",
      requireRole: false,
      givenPool: undefined,
      pool: { max: 10, min: 0, connectionTimeoutMs: 10_000, idleTimeoutMs: 600_000, maxLifetimeMs: 1_800_000, queryTimeoutMs: 30_000, pingBeforeUse: false },
      prepare: true,
      durability: "server",
      integrity: "none",
      limits: { eventBytes: 1_048_576, queuedAppends: 10_000 },
      projections: [],
      unknownProjections: "warn",
      correlationIds: "given",
      now: undefined,
      createId: newId,
      events: undefined,
      unknownEvents: "error",
      validateReads: false,
    });
    expect(Object.keys(logger)).toEqual(["debug", "info", "warn", "error"]);
  });

  test("take a pool's preset, and what is given beside it goes before", () => {
    const { pool: defaults } = checkStoreOptions(undefined);
    const poolOf = (pool: object): unknown => checkStoreOptions({ pool }).pool;
    expect(poolOf({ preset: "web" })).toEqual({ ...defaults, min: 2, connectionTimeoutMs: 5_000, queryTimeoutMs: 15_000 });
    expect(poolOf({ preset: "worker" })).toEqual({ ...defaults, connectionTimeoutMs: 30_000, queryTimeoutMs: 120_000 });
    const serverless = { max: 2, connectionTimeoutMs: 5_000, idleTimeoutMs: 10_000, maxLifetimeMs: 300_000, queryTimeoutMs: 15_000, pingBeforeUse: true };
    expect(poolOf({ preset: "serverless" })).toEqual({ ...defaults, ...serverless });
    expect(poolOf({ preset: "throughput" })).toEqual({ ...defaults, max: 20, min: 8, maxLifetimeMs: 0, queryTimeoutMs: 120_000 });
    expect(poolOf({ preset: "web", max: 1, queryTimeoutMs: 7, pingBeforeUse: undefined })).toMatchObject({
      max: 1,
      min: 1,
      queryTimeoutMs: 7,
      pingBeforeUse: false,
    });
    expect(refusal(() => poolOf({ preset: "wrk" }))).toMatchObject({ path: "options.pool.preset" });
    expect(() => poolOf({ preset: "werb" })).toThrow('did you mean "web"?');
    expect(() => poolOf({ preset: "web", min: 11 })).toThrow("options.pool.min is 11, more than options.pool.max, 10");
  });

  test("keep what is given and fill in the rest", () => {
    const now = (): Date => new Date(0);
    const given = checkStoreOptions({
      schema: 'we"ird',
      migrate: "off",
      pool: { max: 3, min: 3 },
      prepare: false,
      durability: "on",
      limits: { eventBytes: 16_777_216 },
      logger: console,
      now,
    });
    expect(given).toMatchObject({
      schema: 'we"ird',
      migrate: "off",
      pool: { max: 3, min: 3, queryTimeoutMs: 30_000 },
      prepare: false,
      durability: "on",
      limits: { eventBytes: 16_777_216, queuedAppends: 10_000 },
    });
    expect([given.logger, given.now?.()]).toEqual([console, new Date(0)]);
  });

  test.for([
    ["schema", ""],
    ["schema", "x".repeat(64)],
    ["schema", "é".repeat(32)],
    ["schema", "a\0"],
    ["migrate", true],
    ["migrate", "check"],
    ["prepare", 1],
    ["durability", "local"],
    ["limits", 5],
    ["limits.eventBytes", { eventBytes: 1023 }],
    ["limits.eventBytes", { eventBytes: 16_777_217 }],
    ["limits.queuedAppends", { queuedAppends: 0 }],
    ["limits.eventbytes", { eventbytes: 5000 }],
    ["logger", {}],
    ["logger", { debug() {}, info() {}, warn() {} }],
    ["now", new Date()],
    ["createId", "v4"],
    ["pool.max", { max: 0 }],
    ["pool.max", { max: "10" }],
    ["pool.min", { min: 11 }],
    ["pool.queryTimeoutMs", { queryTimeoutMs: 2 ** 31 }],
    ["pool.size", { size: 3 }],
    ["pool", null],
    ["pool", "postgres://"],
    ["projections", {}],
    ["unknownProjections", "wran"],
    ["events", {}],
    ["unknownEvents", "ignore"],
    ["unknownEvents", "skip"],
    ["validateReads", 1],
    ["shcema", "a"],
  ] as const)("refuse %s: %o", ([path, value]) => {
    const [option = ""] = path.split(".");
    expect(refusal(() => checkStoreOptions({ [option]: value })).path).toBe(`options.${path}`);
  });

  test("say that a catalogue is made by defineEvents, and is needed for what is about it", () => {
    expect(refusal(() => checkStoreOptions({ events: { ItemAdded: {} } })).message).toContain("made by defineEvents");
    for (const about of [{ unknownEvents: "skip" }, { validateReads: false }])
      expect(refusal(() => checkStoreOptions(about)).message).toContain("is about a catalogue of events");
  });

  test("pass a pg.Pool and a PGlite through, and refuse a single client", async () => {
    const pool = new pg.Pool();
    await using pglite = new PGlite();
    expect(checkStoreOptions({ pool }).givenPool).toBe(pool);
    expect(checkStoreOptions({ pool: pglite }).givenPool).toBe(pglite);
    expect(refusal(() => checkStoreOptions({ pool: new pg.Client() })).message).toContain("pass a pool");
    await pool.end();
  });
});

test("an address among the options is told where it belongs, and not shown", () => {
  const url = "postgres://u:canary@h/d";
  for (const [options, path, told] of [
    [{ url }, "options.url", "the URL is the first argument"],
    [{ connectionString: url }, "options.connectionString", "the URL is the first argument"],
    [{ pool: { connectionString: url } }, "options.pool.connectionString", "pass a pg.Pool of your own"],
    [{ pool: { host: "h", password: "canary" } }, "options.pool.host", "write it into the URL"],
  ] as const) {
    const error = refusal(() => checkStoreOptions(options));
    expect([error.path, error.message]).toEqual([path, expect.stringContaining(told)]);
    expect(error.message).not.toContain("canary");
  }
});

describe("where a store lives", () => {
  const target = (...given: readonly unknown[]): unknown => checkOpenArguments(given).target;

  test("is memory, a folder or a server", () => {
    expect(target()).toEqual({ kind: "memory" });
    expect(target({ schema: "a" })).toEqual({ kind: "memory" });
    expect(target("file:./data")).toEqual({ kind: "folder", folder: "./data" });
    expect(target("file:/var/lib/a b")).toEqual({ kind: "folder", folder: "/var/lib/a b" });
    expect(target("file:///var/lib/a%20b")).toEqual({ kind: "folder", folder: "/var/lib/a b" });
    for (const url of [
      "postgres://u:p@h:5432/d",
      "postgresql://h/d",
      "POSTGRES://h/d",
      "postgres:///d?host=/run/postgresql",
      "postgres://u:p@/d?host=/run/postgresql",
      "postgres://u:p%23w@h/d",
    ])
      expect(target(url)).toEqual({ kind: "server", url });
  });

  test("is not memory where the URL is undefined, as an environment variable that is not set is", () => {
    for (const given of [[undefined], [undefined, {}], [undefined, undefined], [undefined, { schema: "shop", pool: { max: 3 } }]]) {
      expect(refusal(() => target(...given))).toMatchObject({
        path: "url",
        message: expect.stringMatching(
          /^url is undefined, perhaps from an environment variable that is not set\. .* leave the argument out for a store in memory$/,
        ),
      });
    }
  });

  test("is the given pool's, whatever the URL was", async () => {
    await using pglite = new PGlite();
    expect(target(undefined, { pool: pglite })).toEqual({ kind: "memory" });
  });

  test.for([
    "",
    "file:",
    "file://",
    "file://host/data",
    "file:a\0b",
    "mysql://u:canary@h/d",
    "localhost:5432/d",
    "u:canary@h/d",
    "./data",
    ":memory:",
    "postgres:canary",
    "postgres://u:ca#nary@h:port/d",
    "postgres://u:canary@h:port/d",
  ])("is not %j, and no message or cause shows a password", (url) => {
    const error = refusal(() => target(url));
    expect(error.path).toBe("url");
    const told = `${error.message} ${String(error.cause)} ${JSON.stringify(error.cause)}`;
    expect(told).not.toMatch(/canary|ca#nary/);
  });

  test.for([
    ["null", null],
    ["a number", 5],
    ["a URL object", new URL("postgres://h/d")],
    ["true", true],
  ] as const)("is not %s", ([, first]) => {
    expect(() => target(first)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });

  test("is named once: not by a URL and a pool of the caller's", async () => {
    const pool = new pg.Pool();
    expect(refusal(() => target("postgres://h/d", { pool })).path).toBe("options.pool");
    expect(target({ pool })).toEqual({ kind: "memory" });
    await pool.end();
  });

  test("is not shown with its password where it stands in the wrong place", () => {
    const url = `postgres://user:${"canary".repeat(20)}@host/database`;
    for (const work of [
      () => target(undefined, url),
      () => target({ pool: url }),
      () => target({ schema: url }),
      () => target({ migrate: url }),
      () => target({ [url]: 1 }),
    ]) {
      const error = refusal(work);
      expect(`${error.message} ${error.path}`).not.toContain("canary");
      expect(error.message).toContain("postgres://…@host");
    }
  });

  test("comes before the options, not between", () => {
    expect(refusal(() => target({ schema: "a" }, {})).path).toBe("url");
  });
});
