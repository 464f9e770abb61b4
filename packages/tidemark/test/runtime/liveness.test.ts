import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import pg from "pg";
import { hasPgbouncer, startPgbouncer, startServer } from "@tidemark/servers";
import { type Consumer, defineConsumer, openEventStore, type RecordedEvent } from "tidemark";
import { itemAdded } from "../support/cart.ts";
import type { Orders } from "./liveness-process.ts";
import { describe, eventually, expect, test as base } from "./test.ts";

/** Nothing here can be over for the clock. */
const leaseMs = 3_600_000;
const shards = 2;
const consumer = (name: string, handle: (event: RecordedEvent) => void = () => {}): Consumer => defineConsumer({ name, shards, handle });

interface Row {
  readonly owner: string;
  readonly fence: number;
  /** Of its owner. */
  readonly lock: number | null;
}

/** What the database has of a consumer's shards. */
async function shardsOf(sql: Pick<pg.Pool, "query">, schema: string, name: string): Promise<readonly Row[]> {
  const at = pg.escapeIdentifier(schema);
  const { rows } = await sql.query<Row>(
    `select l.owner, s.fence::int as fence, w.liveness_lock as lock
       from ${at}.consumer_shards as s join ${at}.consumer_leases as l using (id)
       left join ${at}.consumer_workers as w on w.consumer = s.consumer and w.worker = l.owner
      where s.consumer = $1`,
    [name],
  );
  return rows;
}

/**
 * The lock that a worker names; undefined where it was judged dead, which takes its row away. Its shards say less: it may give one of
 * them to a worker that comes, at a moment of its own.
 */
async function namedLock(sql: Pick<pg.Pool, "query">, schema: string, worker: string | undefined): Promise<number | null | undefined> {
  const { rows } = await sql.query<{ lock: number | null }>(
    `select liveness_lock as lock from ${pg.escapeIdentifier(schema)}.consumer_workers where consumer = 'a' and worker = $1`,
    [worker],
  );
  return rows[0]?.lock;
}

/** Until the owner of these shards says by which lock it lives. */
async function lockOf(sql: Pick<pg.Pool, "query">, schema: string, name: string): Promise<number> {
  return await eventually(async () => {
    const [row] = await shardsOf(sql, schema, name);
    expect(row?.lock).toEqual(expect.any(Number));
    return row?.lock ?? 0;
  });
}

/** Until a process that has none of these locks, but knows of them, has looked from now on whether they are held. */
async function untilLookedAt(sql: Pick<pg.Pool, "query">, schema: string, locks: readonly number[]): Promise<void> {
  const { rows: clock } = await sql.query<{ now: string }>("select clock_timestamp()::text as now");
  await eventually(async () => {
    const { rows } = await sql.query(
      `select from pg_stat_activity as a join pg_locks as l using (pid)
        where a.datname = current_database() and l.locktype = 'advisory' and l.mode = 'ExclusiveLock' and l.classid = ($1 || '.consumer_workers')::regclass::oid
          and not l.objid::bigint = any ($2::bigint[])
          and a.state = 'idle' and a.query like '%free_liveness_locks%' and a.query_start > $3::timestamptz`,
      [pg.escapeIdentifier(schema), locks, clock[0]?.now],
    );
    expect(rows).not.toEqual([]);
  });
}

const test = base.extend("elsewhere", ({ schema, databaseUrl }, { onCleanup }) => {
  const children: ChildProcess[] = [];
  onCleanup(async () => {
    await Promise.all(
      children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, "exit");
        child.kill("SIGKILL");
        await ended;
      }),
    );
  });
  return async (name: string, url = databaseUrl): Promise<ChildProcess> => {
    const child = fork(new URL("./liveness-process.ts", import.meta.url), { execArgv: ["--conditions=source"], env: { ...process.env, NODE_OPTIONS: "" } });
    children.push(child);
    const started = once(child, "message");
    child.send({ url, schema, consumer: name, shards, leaseMs } satisfies Orders);
    await started;
    return child;
  };
});

describe("the shards of a process that was killed", () => {
  test("are taken over although their leases last for an hour", async ({ store, schema, sql, start, elsewhere }) => {
    await store.highWaterMark();
    const dying = await elsewhere("a");
    const lock = await lockOf(sql, schema, "a");
    const handled: number[] = [];
    const { errors } = await start(
      consumer("a", ({ position }) => void handled.push(position)),
      { leaseMs },
    );
    await untilLookedAt(sql, schema, [lock]);
    dying.kill("SIGKILL");
    const { position } = await store.appendToStream("cart-1", [itemAdded()]);
    await eventually(() => expect(handled).toEqual([position]));
    expect(errors).toEqual([]);
  });
});

/**
 * Two processes have shards of a consumer each, and a third one shares both consumers. Something happens to the first, then the
 * second is killed. When the third has taken over what the killed one had, it has had its time to rob the first.
 */
describe("the shards of a process that lives are left to it", () => {
  test("while it is frozen", async ({ store, schema, sql, start, elsewhere }) => {
    await store.highWaterMark();
    const frozen = await elsewhere("a");
    const dying = await elsewhere("c");
    const locks = [await lockOf(sql, schema, "a"), await lockOf(sql, schema, "c")];
    const [before] = await shardsOf(sql, schema, "a");
    const { errors } = await start([consumer("a"), consumer("c")], { leaseMs });
    await untilLookedAt(sql, schema, locks);
    frozen.kill("SIGSTOP");
    dying.kill("SIGKILL");
    await eventually(async () => expect((await shardsOf(sql, schema, "c")).map(({ fence }) => fence)).toEqual([2, 2]));
    expect(await namedLock(sql, schema, before?.owner)).toBe(locks[0]);
    expect(errors).toEqual([]);
  });

  test("although the session of its lock was ended", async ({ store, openStore, schema, sql, start, elsewhere }) => {
    await store.highWaterMark();
    const robbed = await start(consumer("a"), { on: await openStore(), leaseMs });
    const dying = await elsewhere("c");
    const locks = [await lockOf(sql, schema, "a"), await lockOf(sql, schema, "c")];
    const [before] = await shardsOf(sql, schema, "a");
    const { errors } = await start([consumer("a"), consumer("c")], { leaseMs });
    await untilLookedAt(sql, schema, locks);
    const { rowCount } = await sql.query(
      `select pg_terminate_backend(pid) from pg_locks
        where locktype = 'advisory' and mode = 'ExclusiveLock' and objid = $1
          and database = (select oid from pg_database where datname = current_database())`,
      [locks[0]],
    );
    expect(rowCount).toBe(1);
    dying.kill("SIGKILL");
    await eventually(async () => expect((await shardsOf(sql, schema, "c")).map(({ fence }) => fence)).toEqual([2, 2]));
    expect(await namedLock(sql, schema, before?.owner)).toBeNull();
    expect([...errors, ...robbed.errors]).toEqual([]);
  });

  test("although its pooler, which lends sessions by the transaction, is gone", async ({ store, schema, databaseUrl, sql, start, elsewhere }) => {
    if (!hasPgbouncer) {
      console.log("NOT TESTED: /usr/sbin/pgbouncer is not installed (Debian: apt-get install pgbouncer).");
      return;
    }
    await store.highWaterMark();
    await using pooler = await startPgbouncer(databaseUrl);
    const said: string[] = [];
    const say = (line: unknown): void => void said.push(String(line));
    await using pooled = await openEventStore(pooler.url, { schema, prepare: false, logger: { debug: say, info: say, warn: say, error: say } });
    await using first = pooled.createWorker({ consumers: [consumer("a")], leaseMs });
    await first.start();
    await eventually(() => expect(said.join()).toContain("notifications do not arrive"));
    const owned = await shardsOf(sql, schema, "a");
    expect(owned).toEqual(Array.from({ length: shards }, () => expect.objectContaining({ fence: 1, lock: null })));
    const dying = await elsewhere("c");
    const lock = await lockOf(sql, schema, "c");
    await start([consumer("a"), consumer("c")], { leaseMs });
    await untilLookedAt(sql, schema, [lock]);
    await pooler.kill();
    dying.kill("SIGKILL");
    await eventually(async () => expect((await shardsOf(sql, schema, "c")).map(({ fence }) => fence)).toEqual([2, 2]));
    expect(await namedLock(sql, schema, owned[0]?.owner)).toBeNull();
    await pooler.start();
  });

  test("although the server crashed and came back while it could say nothing", async ({ schema, elsewhere }) => {
    await using server = await startServer({ settings: { fsync: "off" } });
    const url = await server.createDatabase();
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    await using store = await openEventStore(url, { schema, logger });
    const sql = new pg.Pool({ connectionString: url });
    sql.on("error", () => {});
    try {
      await store.highWaterMark();
      const frozen = await elsewhere("a", url);
      const lock = await lockOf(sql, schema, "a");
      const [before] = await shardsOf(sql, schema, "a");
      await using worker = store.createWorker({ consumers: [consumer("a")], leaseMs, onError: () => {} });
      await worker.start();
      await untilLookedAt(sql, schema, [lock]);
      frozen.kill("SIGSTOP");
      await server.kill();
      await server.start();
      const dying = await elsewhere("c", url);
      const second = await lockOf(sql, schema, "c");
      await using other = store.createWorker({ consumers: [consumer("c")], leaseMs, onError: () => {} });
      await other.start();
      await untilLookedAt(sql, schema, [lock, second]);
      dying.kill("SIGKILL");
      await eventually(async () => expect((await shardsOf(sql, schema, "c")).map(({ fence }) => fence)).toEqual([2, 2]));
      expect(await namedLock(sql, schema, before?.owner)).toBe(lock);
    } finally {
      await sql.end();
    }
  });
});
