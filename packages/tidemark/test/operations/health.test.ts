import { startServer } from "@tidemark/servers";
import pg from "pg";
import { defineConsumer, type EventStore, type HealthCheck, type HealthLimits, type HealthReport, openEventStore } from "tidemark";
import { itemAdded } from "../support/cart.ts";
import { openTransaction } from "../support/open-transaction.ts";
import { describe, eventually, expect, test as base } from "../support/test.ts";

const test = base.extend("at", ({ schema }) => `${pg.escapeIdentifier(schema)}.`);

function checkOf({ checks }: HealthReport, name: string): HealthCheck | undefined {
  return checks.find((check) => check.name === name);
}

async function checked(store: EventStore, name: string, limits?: HealthLimits): Promise<HealthCheck | undefined> {
  return checkOf(await store.health(limits), name);
}

const mailer = defineConsumer({ name: "mailer", handle() {} });

describe("a store that is well", () => {
  test("is live, ready and ok, and says of each thing what it looked at", async () => {
    await using server = await startServer();
    await using store = await openEventStore(server.url);
    await store.appendToStream("cart-1", [itemAdded()]);
    await using worker = store.createWorker({ consumers: [mailer] });
    await worker.start();
    await worker.caughtUp();
    const report = await store.health({ maxLag: { mailer: 10 } });
    expect(report.checks.filter(({ status }) => status !== "ok")).toEqual([]);
    expect(report).toMatchObject({ live: true, ready: true, status: "ok" });
    expect(report.checks.map(({ name }) => name)).toEqual([
      "store",
      "migrations",
      "database",
      "mark",
      "durability",
      "connections",
      "locks",
      "pool",
      "listener",
      "lag of mailer",
      "dead letters of mailer",
    ]);
    expect(checkOf(report, "durability")?.value).toBe("synchronous_commit on, fsync on, full_page_writes on");
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  test("may be embedded", async () => {
    await using store = await openEventStore();
    await store.appendToStream("cart-1", [itemAdded()]);
    const report = await store.health();
    expect(report).toMatchObject({ live: true, ready: true, status: "ok" });
    expect(report.checks.map(({ name }) => name)).toEqual(["store", "migrations", "database", "mark", "pool", "listener"]);
  });
});

describe("the mark", () => {
  test("that stands still while events are appended is failing, whatever else moves, and says who holds it", async ({ application, store }) => {
    await using worker = application.createWorker({ consumers: [mailer] });
    await worker.start();
    {
      await using _held = await openTransaction(application, (tx) => tx.appendToStream("cart-1", [itemAdded()]));
      // An open append alone holds nobody up.
      expect(await checked(store, "mark", { maxMarkAgeMs: 0 })).toMatchObject({ status: "ok", value: 0, limit: 0, advice: null });
      await application.appendToStream("cart-2", [itemAdded()]);
      await eventually(async () => {
        const check = await checked(store, "mark", { maxMarkAgeMs: 0 });
        expect(check).toMatchObject({ status: "failing", limit: 0 });
        const [blocker] = await store.blockers();
        expect(check?.advice).toContain(`1 committed event waits behind the open transaction of backend ${blocker?.pid} of "tidemark"`);
        expect(check?.advice).toContain(`select pg_catalog.pg_terminate_backend(${blocker?.pid})`);
        expect(check?.value).toBeGreaterThan(0);
      });
      // It may wait for as long as the limit says. The heartbeat of the worker went on meanwhile, and it is at the mark.
      expect(await checked(store, "mark", { maxMarkAgeMs: 600_000 })).toMatchObject({ status: "ok" });
      expect(await checked(store, "lag of mailer")).toMatchObject({ status: "ok", value: 0 });
    }
    expect(await checked(store, "mark", { maxMarkAgeMs: 0 })).toMatchObject({ status: "ok", value: 0 });
  });

  test("that a sequence behind the log forbids is failing", async ({ application, store, sql, at }) => {
    await application.appendToStream("cart-1", [itemAdded(), itemAdded()]);
    await sql.query(`select setval('${at}events_position_seq', 1)`);
    expect(await checked(store, "mark")).toMatchObject({ status: "failing", advice: expect.stringContaining("setval") });
  });
});

describe("what follows the log", () => {
  test("is failing beyond its limit, by name, and a name that nobody has is failing too", async ({ application, store }) => {
    const worker = application.createWorker({ consumers: [mailer] });
    await worker.start();
    await worker.stop();
    await application.appendToStream("cart-1", [itemAdded(), itemAdded(), itemAdded()]);
    expect(await checked(store, "lag of mailer", { maxLag: { mailer: 3 } })).toMatchObject({ status: "ok", value: 3, limit: 3 });
    const report = await store.health({ maxLag: { mailer: 2, mialer: 5 } });
    expect(checkOf(report, "lag of mailer")).toEqual({
      name: "lag of mailer",
      status: "failing",
      value: 3,
      limit: 2,
      advice: "No worker runs it: start one.",
    });
    expect(checkOf(report, "lag of mialer")).toMatchObject({
      status: "failing",
      value: null,
      limit: 5,
      advice: expect.stringContaining('did you mean "mailer"?'),
    });
    // Readers go on, so that the store is ready all the same.
    expect(report).toMatchObject({ live: true, ready: true, status: "failing" });
    await eventually(async () => expect(await checked(store, "lag of mailer", { maxLagMs: 0 })).toMatchObject({ status: "degraded", limit: null }));
    await store.consumers.pause("mailer");
    expect(await checked(store, "lag of mailer", { maxLagMs: 0 })).toMatchObject({ status: "ok", value: 3 });
    expect(await checked(store, "lag of mailer", { maxLag: { mailer: 2 } })).toMatchObject({ status: "failing", advice: expect.stringContaining("paused") });
  });

  test("is failing where it stopped, and degraded where it gave up", async ({ application, store }) => {
    const failing = (name: string, onFailure: "stop" | "dead-letter"): ReturnType<typeof defineConsumer> =>
      defineConsumer({
        name,
        onFailure,
        retry: { attempts: 1 },
        handle() {
          throw new Error("not today");
        },
      });
    await using worker = application.createWorker({ consumers: [failing("stopping", "stop"), failing("parking", "dead-letter")], onError: () => {} });
    await worker.start();
    await application.appendToStream("cart-1", [itemAdded()]);
    await eventually(async () => {
      const report = await store.health();
      expect(checkOf(report, "lag of stopping")).toMatchObject({
        status: "failing",
        value: 1,
        advice: "It stopped at an event: not today. Mend the cause, then run: tidemark consumers resume stopping",
      });
      expect(checkOf(report, "dead letters of parking")).toMatchObject({
        status: "degraded",
        value: 1,
        limit: 0,
        advice: expect.stringContaining("dead-letters list --consumer parking"),
      });
      expect(checkOf(report, "lag of parking")).toMatchObject({ status: "ok", value: 0 });
    });
    expect(await checked(store, "dead letters of parking", { maxDeadLetters: 1 })).toMatchObject({ status: "ok", value: 1 });
  });

  test("is failing where the database lost what it had read", async ({ application, store, sql, at }) => {
    await using worker = application.createWorker({ consumers: [mailer] });
    await worker.start();
    await application.appendToStream("cart-1", [itemAdded()]);
    await worker.caughtUp();
    await worker.stop();
    expect(await checked(store, "history of mailer")).toBeUndefined();
    await sql.query(`update ${at}consumer_shards set event_id = gen_random_uuid()`);
    expect(await checked(store, "history of mailer")).toMatchObject({ status: "failing", value: 1, limit: 0, advice: expect.stringContaining("failover") });
  });

  test("is that of all tenants, and of one in its view", async ({ application, store }) => {
    const acme = application.forTenant("acme");
    await using worker = acme.createWorker({ consumers: [mailer] });
    await worker.start();
    expect((await store.health()).checks.map(({ name }) => name)).toContain("lag of mailer of acme");
    expect((await store.forTenant("other").health()).checks.map(({ name }) => name)).not.toContain("lag of mailer of acme");
  });
});

describe("the server", () => {
  test("that may lose what it acknowledged is failing or degraded", async () => {
    await using server = await startServer({ settings: { fsync: "off", full_page_writes: "off", synchronous_commit: "local" } });
    await using store = await openEventStore(server.url, { logger: silent });
    const check = await checked(store, "durability");
    expect(check).toMatchObject({ status: "failing", value: "synchronous_commit local, fsync off, full_page_writes off" });
    for (const setting of ["fsync is off", "full_page_writes is off", "synchronous_commit is local"]) expect(check?.advice).toContain(setting);
  });

  test("that acknowledges before it is safe is degraded, unless the store asks for more", async () => {
    await using server = await startServer({ settings: { synchronous_commit: "local" } });
    await using store = await openEventStore(server.url, { logger: silent });
    expect(await checked(store, "durability")).toMatchObject({ status: "degraded", advice: expect.stringMatching(/^synchronous_commit is local/) });
    await using durable = await openEventStore(server.url, { durability: "on", logger: silent });
    expect(await checked(durable, "durability")).toMatchObject({ status: "ok", advice: null });
  });

  test("with few connections or locks left is degraded", async () => {
    await using server = await startServer({ settings: { max_connections: 20, max_locks_per_transaction: 300 } });
    await using store = await openEventStore(server.url, { pool: { max: 3 } });
    await using sql = new Client(server.url);
    expect(await store.health({ maxConnectionsPercent: 60 })).toMatchObject({ status: "ok" });
    expect(await checked(store, "connections", { maxConnectionsPercent: 1 })).toMatchObject({
      status: "degraded",
      limit: 1,
      advice: expect.stringMatching(/^\d+ of 17 connections are taken\./),
    });
    // Room for 300 × 20 locks.
    await sql.run("begin");
    await sql.run("select pg_advisory_xact_lock_shared(n) from generate_series(1, 1200) as n");
    expect(await checked(store, "locks", { maxLocksPercent: 19 })).toMatchObject({
      status: "degraded",
      limit: 19,
      advice: expect.stringContaining("of 6000 locks are taken"),
    });
    expect(await checked(store, "locks", { maxLocksPercent: 30 })).toMatchObject({ status: "ok" });
    await sql.run("rollback");
    expect(await checked(store, "locks", { maxLocksPercent: 19 })).toMatchObject({ status: "ok" });
  });

  test("with too small a table of locks is degraded, whatever is taken", async () => {
    await using server = await startServer({ settings: { max_connections: 20, max_locks_per_transaction: 64 } });
    await using store = await openEventStore(server.url);
    expect(await checked(store, "locks")).toMatchObject({ status: "degraded", advice: expect.stringContaining("room for 1280 locks") });
  });

  test("that is away makes the store not ready, and is no reason to restart the process", async () => {
    const server = await startServer();
    const store = await openEventStore(server.url, { logger: silent, pool: { connectionTimeoutMs: 3_000 } });
    try {
      expect(await store.health()).toMatchObject({ live: true, ready: true });
      await server.stop();
      expect(await store.health({ timeoutMs: 500 })).toMatchObject({
        live: true,
        ready: false,
        status: "failing",
        checks: expect.arrayContaining([expect.objectContaining({ name: "database", status: "failing" })]),
      });
      await server.start();
      await eventually(async () => expect(await store.health()).toMatchObject({ live: true, ready: true, status: "ok" }));
    } finally {
      await store.close();
      await server[Symbol.asyncDispose]();
    }
  });
});

describe("the store", () => {
  test("is not ready on a schema that does not fit", async ({ openStore, sql, at }) => {
    const store = await openStore();
    await sql.query(`delete from ${at}function_sets`);
    const report = await store.health();
    expect(report).toMatchObject({ live: true, ready: false, status: "failing" });
    expect(checkOf(report, "migrations")).toMatchObject({
      status: "failing",
      value: "SCHEMA_OUTDATED",
      advice: expect.stringContaining("tidemark migrate up"),
    });
  });

  test("is not ready while it drains, and not live once it is closed", async ({ openStore }) => {
    const store = await openStore();
    let closing: Promise<void>;
    {
      await using _working = await openTransaction(store);
      closing = store.close();
      expect(await store.health()).toMatchObject({ live: true, ready: false, status: "failing", checks: [{ name: "store", value: "closing" }] });
    }
    await closing;
    expect(await store.forTenant("acme").health()).toMatchObject({ live: false, ready: false, checks: [{ name: "store", value: "closed" }] });
  });

  test("whose calls all wait for connections is not ready, and says for what", async ({ openStore }) => {
    const store = await openStore({ pool: { max: 2 } });
    const gate = Promise.withResolvers<void>();
    const working = Array.from({ length: 2 }, () => store.transaction(() => gate.promise));
    await eventually(() => expect(store.metrics().pool.inUse).toBe(2));
    const waiting = Array.from({ length: 3 }, () => store.query("select 1"));
    try {
      await eventually(() => expect(store.metrics().pool.waiting).toBe(3));
      const report = await store.health({ timeoutMs: 200 });
      expect(report).toMatchObject({ live: true, ready: false, status: "failing" });
      expect(checkOf(report, "database")?.status).toBe("failing");
      expect(checkOf(report, "pool")).toMatchObject({ status: "degraded", limit: 2, advice: expect.stringContaining("Raise pool.max") });
    } finally {
      gate.resolve();
      await Promise.all([...working, ...waiting]);
    }
    expect(await checked(store, "pool")).toMatchObject({ status: "ok", value: 0 });
  });

  test.for([
    [{ maxlag: { a: 1 } }, 'did you mean "maxLag"?'],
    [{ maxLag: [1] }, "must be an object of limits by name"],
    [{ maxLag: { mailer: -1 } }, 'limits.maxLag["mailer"]'],
    [{ maxMarkAgeMs: "30s" }, "must be a whole number"],
    [{ maxLocksPercent: 101 }, "from 1 to 100"],
  ] as const)("refuses the limits %o", async ([limits, problem], { store }) => {
    // @ts-expect-error What JavaScript may pass.
    await expect(store.health(limits)).rejects.toMatchObject({ code: "INVALID_ARGUMENT", message: expect.stringContaining(problem) });
  });
});

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A connection of the test's own. */
class Client {
  readonly #client: Promise<pg.Client>;

  constructor(url: string) {
    const client = new pg.Client({ connectionString: url });
    this.#client = client.connect().then(() => client);
  }

  async run(text: string): Promise<void> {
    await (await this.#client).query(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#client).end();
  }
}
