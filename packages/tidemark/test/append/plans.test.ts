import { randomUUID } from "node:crypto";
import pg from "pg";
import { openEventStore } from "tidemark";
import { added, describe, expect, lockStream, test, times, waitersFor } from "./test.ts";

interface Plan {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly Plans?: readonly Plan[];
}

interface Explained {
  readonly "Query Text": string;
  readonly Plan: Plan;
}

/** Tables that grow with the store. */
const growing = new Set(["streams", "events", "event_tags"]);

function* nodes(plan: Plan): Generator<Plan> {
  yield plan;
  for (const child of plan.Plans ?? []) yield* nodes(child);
}

/** What the plan does with a growing table, where that is not a look-up by index. */
function scans({ "Query Text": text, Plan: plan }: Explained): string[] {
  const joins = [...nodes(plan)].filter((node) => /^(Hash Join|Merge Join|Bitmap)/.test(node["Node Type"]));
  const seq = [...nodes(plan)].filter((node) => node["Node Type"] === "Seq Scan" && growing.has(node["Relation Name"] ?? ""));
  return [...joins, ...seq].map((node) => `${node["Node Type"]} ${node["Relation Name"] ?? ""}: ${text}`);
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

describe("the statements of an append", () => {
  test.for(["a store of one event", "200,000 streams without statistics", "200,000 streams with statistics"])(
    "look up by index on %s, whichever way the append takes",
    async (what, { store, databaseUrl, schema, client, sql, q }) => {
      await store.appendToStream("cart-0", [added()]);
      if (what === "a store of one event") {
        // With these statistics a scan looks cheaper than any index.
        for (const table of growing) await sql.query(`vacuum analyze ${q}.${table}`);
      } else {
        await sql.query(`
          alter table ${q}.streams set (autovacuum_enabled = off);
          alter table ${q}.events set (autovacuum_enabled = off);
          alter table ${q}.event_tags set (autovacuum_enabled = off);
          insert into ${q}.streams (name) select 'old-' || n from generate_series(1, 200000) as n;
          insert into ${q}.events (position, stream_id, version, id, recorded_at, type, data, tags)
            select nextval('${q.replaceAll("'", "''")}.events_position_seq'), id, 1, gen_random_uuid(), now(), 'ItemAdded', '{}', '{cart:1}' from ${q}.streams where name like 'old-%';
          insert into ${q}.event_tags (tag, position) select 'cart:1', position from ${q}.events`);
        if (what.endsWith("with statistics")) await sql.query(`analyze ${q}.streams; analyze ${q}.events; analyze ${q}.event_tags`);
      }
      await sql.query(`alter table ${q}.events add constraint quantity_check check ((data ->> 'n')::int >= 0)`);
      const { pool, plans } = explainingPool(databaseUrl);
      try {
        await using watched = await openEventStore({ pool, schema });
        const tagged = (n: number, id: string = randomUUID()) => ({ ...added(n), id, tags: ["cart:1", "sku:2"] });
        const repeated = tagged(1);
        plans.length = 0;
        await watched.appendToStream("cart-1", [added()], { expectedVersion: 0 });
        await watched.appendToStream("cart-1", [{ ...added(), tags: ["cart:1"] }], { expectedVersion: { unchangedSince: 1_000_000 } });
        for (let round = 0; round < 2; round++) await watched.appendToStream("cart-2", [repeated, tagged(2, "0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d78")]);
        await Promise.all(
          times(40, (n) =>
            watched.appendToStreams([
              { streamId: `cart-${n}`, events: [tagged(n)] },
              { streamId: `old-${n}`, events: [], expectedVersion: "any" },
            ]),
          ),
        );
        await Promise.allSettled(times(40, (n) => watched.appendToStream(n % 2 === 0 ? `cart-${n}` : `new-${n}`, [tagged(n === 3 ? -1 : n)])));
        await watched.transaction((tx) =>
          tx.appendToStreams([
            { streamId: "cart-1", events: [tagged(1)] },
            { streamId: "new-999", events: [tagged(1)] },
          ]),
        );
        const holder = await client();
        await lockStream(holder, q, "cart-1");
        const held = watched.appendToStream("cart-1", [tagged(1)]);
        await waitersFor(sql, 1);
        await holder.query("commit");
        await held;

        const called = [
          "append_one",
          "append_batch",
          "append_carefully",
          "append_waiting",
          "append_many",
          "lock_streams",
          "repeated_events",
          "hold_floor",
        ].map((name) => `.${name}(`);
        // PL/pgSQL calls find_streams without a statement; these are its two. hold_floor looks at the end of the log.
        called.push("max(position) from", "as s where s.tenant = wanted.tenant and s.name = wanted.name for no key update\n", "skip locked");
        expect(called.filter((part) => !plans.some(({ "Query Text": text }) => text.includes(part)))).toEqual([]);
        expect(plans.flatMap(scans)).toEqual([]);
        const { rows } = await pool.query(
          "select current_setting('enable_seqscan') as seq, current_setting('enable_hashjoin') as hash, current_setting('plan_cache_mode') as cache, current_setting('lock_timeout') as lock",
        );
        expect(rows).toEqual([{ seq: "on", hash: "on", cache: "auto", lock: "0" }]);
      } finally {
        await pool.end();
      }
    },
  );
});
