import { randomUUID } from "node:crypto";
import pg from "pg";
import { openEventStore } from "tidemark";
import { added, describe, expect, lockStream, test, times, waitersFor } from "./test.ts";
import { fn } from "../support/functions.ts";

interface Plan {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly Plans?: readonly Plan[];
}

interface Explained {
  readonly "Query Text": string;
  readonly Plan: Plan;
  /** Where the server compiles the plan, which costs more than the statement. */
  readonly JIT?: object;
}

/** Tables that grow with the store. */
const growing = new Set(["streams", "events", "event_tags"]);

function* nodes(plan: Plan): Generator<Plan> {
  yield plan;
  for (const child of plan.Plans ?? []) yield* nodes(child);
}

/** What the plan does with a growing table, where that is not a look-up by index; and whether it is compiled. */
function scans({ "Query Text": text, Plan: plan, JIT: compiled }: Explained): string[] {
  const joins = [...nodes(plan)].filter((node) => /^(Hash Join|Merge Join|Bitmap)/.test(node["Node Type"]));
  const seq = [...nodes(plan)].filter((node) => node["Node Type"] === "Seq Scan" && growing.has(node["Relation Name"] ?? ""));
  return [...[...joins, ...seq].map((node) => `${node["Node Type"]} ${node["Relation Name"] ?? ""}: ${text}`), ...(compiled ? [`JIT: ${text}`] : [])];
}

/** A pool whose every statement, also those inside functions, sends its plan as a notice. */
function explainingPool(url: string): { readonly pool: pg.Pool; readonly plans: Explained[] } {
  const settings = ["log_min_duration=0", "log_nested_statements=on", "log_level=notice", "log_format=json"];
  const pool = new pg.Pool({
    connectionString: url,
    options: `-c session_preload_libraries=auto_explain ${settings.map((each) => `-c auto_explain.${each}`).join(" ")}`,
  });
  const plans: Explained[] = [];
  pool.on("connect", (client) => {
    client.on("notice", ({ message }) => {
      const json = /plan:\n(?<plan>[^]*)$/.exec(message ?? "")?.groups?.["plan"];
      if (json !== undefined) plans.push(JSON.parse(json));
    });
  });
  return { pool, plans };
}

interface Fixtures {
  readonly databaseUrl: string;
  readonly schema: string;
  readonly client: () => Promise<pg.Client>;
  readonly sql: pg.Pool;
  readonly q: string;
}

/** Statements that must be among those explained. PL/pgSQL calls find_streams and hold_floor without one; theirs stand at the end. */
const expected = [
  ...(
    [
      "append_one",
      "append_singles",
      "append_batch",
      "append_separately",
      "append_waiting",
      "append_many",
      "lock_streams",
      "repeated_events",
      "failed_conditions",
    ] as const
  ).map((name) => `.${fn(name)}(`),
  "order by position desc limit 1),",
  "as s where s.tenant = wanted.tenant and s.name = wanted.name for no key update\n",
  "skip locked",
  // Those of failed_conditions, and of the rarest tag in it.
  "as matching on true",
];

/** Appends every way there is, to streams of this category, through new connections. */
async function expectLookUps(category: string, { databaseUrl, schema, client, sql, q }: Fixtures): Promise<void> {
  const { pool, plans } = explainingPool(databaseUrl);
  try {
    await using store = await openEventStore({ pool, schema });
    // Those of opening the store.
    plans.length = 0;
    const tagged = (n: number) => ({ ...added(n), id: randomUUID(), tags: ["cart:1", "sku:2"] });
    const name = (n: number) => `${category}-${n}`;
    const repeated = [tagged(1), tagged(2)];
    await store.appendToStream(name(1), [added()], { expectedVersion: 0 });
    await store.appendToStream(name(1), [{ ...added(), tags: ["cart:1"] }], { expectedVersion: { unchangedSince: 10_000_000 } });
    for (let round = 0; round < 2; round++) await store.appendToStream(name(2), repeated);
    await Promise.all(times(40, (n) => store.appendToStream(name(n % 2 === 0 ? n : 200 + n), [added(n)])));
    const both = (n: number) => [
      { streamId: name(n), events: [tagged(n)] },
      { streamId: `old-${n}`, events: [] },
    ];
    await Promise.all(times(40, (n) => store.appendToStreams(both(n))));
    await Promise.allSettled(times(40, (n) => store.appendToStream(name(n % 2 === 0 ? n : 100 + n), [tagged(n === 3 ? -1 : n)])));
    await store.transaction((tx) => tx.appendToStreams(both(999)));
    // Conditions by every kind of query, alone, in batches of both kinds, and with ids that have to be looked up.
    const queries = [[{ tags: ["cart:1"] }], [{ types: ["ItemAdded"], tags: ["cart:1", "sku:2"] }], [{ types: ["Other"] }, { tags: ["none"] }], []];
    for (const query of queries) {
      const { position } = await store.appendToStream(name(3), [added()]);
      const decide = (n: number, { id: _id, ...event }: ReturnType<typeof tagged>) =>
        store.append([event], { streamId: name(n), condition: { query, after: position } }).catch(() => {});
      await decide(500, tagged(1));
      await Promise.all(times(10, (n) => decide(501 + n, tagged(n))));
      await Promise.all(times(10, (n) => store.append([tagged(n)], { streamId: name(600 + n), condition: { query, after: position } }).catch(() => {})));
    }
    const holder = await client();
    await lockStream(holder, q, name(1));
    const held = store.appendToStream(name(1), [tagged(1)]);
    await waitersFor(sql, 1);
    await holder.query("commit");
    await held;

    expect(expected.filter((part) => !plans.some(({ "Query Text": text }) => text.includes(part)))).toEqual([]);
    expect(plans.flatMap(scans)).toEqual([]);
  } finally {
    await pool.end();
  }
}

describe("the statements of an append look up by index, whichever way it takes,", () => {
  test("with the statistics of a store of one event", async ({ store, databaseUrl, schema, client, sql, q }) => {
    await store.appendToStream("cart-0", [added()]);
    await sql.query(`alter table ${q}.events add constraint quantity_check check ((data ->> 'n')::int >= 0)`);
    // By these a scan is cheaper than any index.
    for (const table of growing) await sql.query(`vacuum analyze ${q}.${table}`);
    await expectLookUps("cart", { databaseUrl, schema, client, sql, q });
  });

  test(
    "with a quarter of a million streams, without statistics and with them",
    { timeout: 300_000 },
    async ({ store, databaseUrl, schema, client, sql, q }) => {
      await store.appendToStream("cart-0", [added()]);
      await sql.query(`
      alter table ${q}.events add constraint quantity_check check ((data ->> 'n')::int >= 0);
      alter table ${q}.streams set (autovacuum_enabled = off);
      alter table ${q}.events set (autovacuum_enabled = off);
      alter table ${q}.event_tags set (autovacuum_enabled = off);
      insert into ${q}.streams (name) select 'old-' || n from generate_series(1, 250000) as n;
      insert into ${q}.events (position, stream_id, version, id, recorded_at, type, data, tags)
        select nextval('${q.replaceAll("'", "''")}.events_position_seq'), id, 1, gen_random_uuid(), now(), 'ItemAdded', '{}', '{cart:1}'
          from ${q}.streams where name like 'old-%';
      insert into ${q}.event_tags (tag, position) select 'cart:1', position from ${q}.events`);
      await expectLookUps("cart", { databaseUrl, schema, client, sql, q });
      await sql.query(`analyze ${q}.streams; analyze ${q}.events; analyze ${q}.event_tags`);
      await expectLookUps("order", { databaseUrl, schema, client, sql, q });
    },
  );
});

describe("the planner's settings of an append", () => {
  test("are gone when it returns, and so is its lock_timeout", async ({ openStore }) => {
    const store = await openStore({ pool: { max: 1 } });
    await Promise.all(times(3, (n) => store.appendToStream(`cart-${n}`, [added()])));
    await store.appendToStream("cart-1", [added()]);
    const settings = ["jit", "enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_bitmapscan", "plan_cache_mode", "lock_timeout"];
    const { rows } = await store.query("select name, setting from pg_settings where name = any ($1) and setting <> reset_val", [settings]);
    expect(rows).toEqual([]);
  });
});
