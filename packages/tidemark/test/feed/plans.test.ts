import pg from "pg";
import { Feed } from "../../src/feed/feed.ts";
import { open } from "../database/open.ts";
import { append, silent } from "./open.ts";
import { describe, expect, test } from "./test.ts";

describe("the statements of followers", () => {
  test("scan no table where they were prepared while it was tiny and nothing was analysed since", async ({ store, databaseUrl, schema, sql }) => {
    const name = pg.escapeIdentifier(schema);
    for (let n = 0; n < 3; n++) await append(store, "a");
    for (const table of ["streams", "events"]) await sql.query(`alter table ${name}.${table} set (autovacuum_enabled = off)`);
    await sql.query(`analyze ${name}.streams, ${name}.events`);
    await using opened = await open(databaseUrl, { max: 1 });
    const feed = new Feed(opened.database, schema, silent);
    try {
      const scanned = async (): Promise<number> => {
        await opened.database.userQuery("select pg_stat_force_next_flush()", []);
        const { rows } = await sql.query("select sum(seq_tup_read)::int as rows from pg_stat_all_tables where schemaname = $1", [schema]);
        return rows[0].rows;
      };
      let after = await feed.end();
      const follow = async (): Promise<void> => {
        const mark = await feed.end();
        for (const filter of [undefined, { types: ["Grown"] }]) {
          const options = { reader: "test", tenant: undefined, filter, after, until: mark.position, batchSize: 1_000, signal: new AbortController().signal };
          for await (const { anchor } of feed.follow(options)) expect(anchor.position).toBeLessThanOrEqual(mark.position);
        }
        after = mark;
      };
      // From the sixth time on a prepared statement keeps its plan.
      const before = await scanned();
      for (let time = 0; time < 8; time++) {
        await append(store, "a");
        await follow();
      }
      expect(await scanned()).toBeGreaterThan(before);
      await sql.query(
        `insert into ${name}.events (position, stream_id, version, id, recorded_at, type, data)
         select nextval('${name}.events_position_seq'), 1, 100 + n, gen_random_uuid(), now(), 'Grown', '{}' from generate_series(1, 50000) as n`,
      );
      await follow();
      const grown = await scanned();
      for (let time = 0; time < 8; time++) {
        await append(store, "a");
        await follow();
      }
      expect((await scanned()) - grown).toBeLessThan(1_000);
    } finally {
      await feed.drain();
      await feed.stop();
    }
  });
});
