import pg from "pg";
import { defineProjection, type EventStore } from "../../src/index.ts";
import { itemAdded } from "../support/cart.ts";
import { describe, eventually, expect, test } from "../support/test.ts";
import { cartSummary, popularity } from "./carts.ts";

/** Streams and products whose documents are not what their events come to, in one snapshot. `until`: the follower's place. */
async function differences(client: pg.Client, at: string, until: string): Promise<readonly unknown[]> {
  await client.query("begin isolation level repeatable read read only");
  try {
    const { rows } = await client.query(`
      with reached as (select ${until} as position),
      events as (select s.name, e.data from ${at}.events as e join ${at}.streams as s on s.id = e.stream_id cross join reached where e.position <= reached.position and e.type = 'ItemAdded'),
      carts as (select name as id, sum((data ->> 'quantity')::int) as n from events group by name),
      products as (select data ->> 'sku' as id, sum((data ->> 'quantity')::int) as n from events group by data ->> 'sku')
      select 'cart' as what, coalesce(c.id, d._id) as id, c.n as folded, d.data -> 'items' as stored
        from carts as c full join ${at}."cart-summary__v1" as d on d._id = c.id where c.n is distinct from (d.data ->> 'items')::int
      union all
      select 'product', coalesce(p.id, d._id), p.n, d.data -> 'added'
        from products as p full join ${at}.popularity__v1 as d on d._id = p.id where p.n is distinct from (d.data ->> 'added')::int`);
    return rows;
  } finally {
    await client.query("commit");
  }
}

async function connect(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseUrl, options: "-c search_path=" });
  client.on("error", () => {});
  await client.connect();
  return client;
}

async function write(stores: readonly EventStore[], appends: number): Promise<void> {
  await Promise.all(
    Array.from({ length: 8 }, async (_, writer) => {
      for (let n = 0; n < appends / 8; n++) {
        const store = stores[(writer + n) % stores.length];
        await store
          ?.appendToStream(`cart-${(writer * 7 + n) % 12}`, [itemAdded(`sku-${n % 5}`, 1), itemAdded(`sku-${(n + writer) % 5}`, 1)])
          .catch((error: unknown) => {
            // A backend was ended under it, and the store was told so often that it gave up: the fold tells what became of it.
            if (!(error instanceof Error && "retryable" in error)) throw error;
          });
      }
    }),
  );
}

describe("in every snapshot while two stores write", () => {
  test("inline documents are the folds of their events", async ({ openStore, databaseUrl, schema }) => {
    const at = pg.escapeIdentifier(schema);
    const projections = [cartSummary("inline"), popularity("inline")];
    const stores = [await openStore({ projections }), await openStore({ projections })];
    const auditor = await connect(databaseUrl);
    let snapshots = 0;
    const run = { going: true };
    const auditing = (async () => {
      for (; run.going; snapshots++) expect(await differences(auditor, at, `(select max(position) from ${at}.events)`)).toEqual([]);
    })();
    await write(stores, 400);
    run.going = false;
    await auditing;
    expect(snapshots).toBeGreaterThan(2);
    await auditor.end();
  });

  test("async documents are the folds of their events up to the checkpoint, also where the backends of workers are ended", async ({
    openStore,
    databaseUrl,
    sql,
    schema,
  }) => {
    const at = pg.escapeIdentifier(schema);
    const projections = [cartSummary("async"), popularity("async")];
    const store = await openStore({ projections });
    const quiet = { onError: () => {}, leaseMs: 1_000 };
    await using one = store.createWorker(quiet);
    await using two = (await openStore({ projections })).createWorker(quiet);
    await Promise.all([one.start(), two.start()]);
    const auditor = await connect(databaseUrl);
    const place = (name: string): string => `(
      select s.position from ${at}.consumers as c join ${at}.consumer_shards as s on s.consumer = c.name
       where c.kind = 'projection' and c.owner_name = '${name}' and c.owner_version = 1)`;
    const run = { going: true };
    let snapshots = 0;
    let ended = 0;
    const auditing = (async () => {
      for (; run.going; snapshots++) {
        const rows = await differences(auditor, at, place("popularity"));
        expect(rows.filter((row) => Reflect.get(Object(row), "what") === "product")).toEqual([]);
      }
    })();
    const ending = (async () => {
      while (run.going) {
        const { rows } = await sql.query<{ n: number }>(`
          select count(pg_terminate_backend(l.pid))::int as n from pg_locks as l
           where l.classid = '${at}.consumer_shards'::regclass::oid and l.mode = 'ShareLock' and l.granted
             and l.database = (select oid from pg_database where datname = current_database())`);
        ended += rows[0]?.n ?? 0;
        await sql.query("select pg_sleep(0.02)");
      }
    })();
    // A batch is a few milliseconds long: on a fast machine not many are met while one runs.
    await eventually(
      async () => {
        await write([store], 200);
        expect(ended).toBeGreaterThan(3);
      },
      { timeoutMs: 60_000 },
    );
    run.going = false;
    await Promise.all([auditing, ending]);
    await Promise.all(["popularity", "cart-summary"].map(async (name) => store.waitFor(name, await store.highWaterMark(), { timeoutMs: 60_000 })));
    expect(await differences(auditor, at, place("popularity"))).toEqual([]);
    await auditor.end();
  });
});

test("effects in SQL come exactly once, also where the worker's backend is ended between them and the commit", async ({ openStore, sql, schema }) => {
  const at = pg.escapeIdentifier(schema);
  let kills = 0;
  const counter = defineProjection({
    name: "counter",
    mode: "async",
    handles: ["ItemAdded"],
    setup: async (tx) => {
      await tx.query(`create table ${at}.effects (position bigint primary key)`);
      await tx.query(`create table ${at}.counter (n bigint)`);
      await tx.query(`insert into ${at}.counter values (0)`);
    },
    handleBatch: async (events, tx) => {
      await tx.query(`insert into ${at}.effects select pg_catalog.unnest($1::bigint[])`, [events.map(({ position }) => position)]);
      await tx.query(`update ${at}.counter set n = n + $1`, [events.length]);
      if (kills < 4) {
        kills++;
        const { rows } = await tx.query<{ pid: number }>("select pg_backend_pid() as pid");
        await sql.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
      }
    },
  });
  const store = await openStore({ projections: [counter] });
  for (let n = 0; n < 5; n++)
    await store.appendToStream(
      `cart-${n}`,
      Array.from({ length: 40 }, () => itemAdded()),
    );
  await using worker = store.createWorker({ onError: () => {}, leaseMs: 1_000 });
  await worker.start();
  await store.waitFor("counter", await store.highWaterMark(), { timeoutMs: 60_000 });
  expect(kills).toBe(4);
  const { rows } = await sql.query(`select (select n::int from ${at}.counter) as n, (select count(*)::int from ${at}.effects) as effects`);
  expect(rows).toEqual([{ n: 200, effects: 200 }]);
});
