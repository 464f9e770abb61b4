import pg from "pg";
import { createRole } from "../schema/roles.ts";
import { Feed } from "../../src/feed/feed.ts";
import { append, silent } from "./open.ts";
import { describe, eventually, expect, test } from "./test.ts";

describe("blockers", () => {
  test("is empty when nobody appends", async ({ application, store, begin }) => {
    await append(application, "order");
    const reading = await begin();
    await reading.tx.readAll().toArray();
    expect(await store.blockers()).toEqual([]);
  });

  test("names each open append, the longest reach first, and the events that wait for it", async ({ application, store, begin }) => {
    const [first, second] = [await begin(), await begin()];
    await first.execute("set application_name = 'importer'");
    await first.append("a");
    const {
      rows: [one],
    } = await first.client.query("select pg_backend_pid() as pid, pg_current_xact_id()::text as transaction");
    await append(application, "order");
    await second.append("b");
    const {
      rows: [two],
    } = await second.client.query("select pg_backend_pid() as pid, pg_current_xact_id()::text as transaction");
    await append(application, "order");
    const age = await first.client.query("select extract(epoch from clock_timestamp() - now()) * 1000.0 as ms");

    const blockers = await store.blockers();
    expect(blockers).toEqual([
      { ...one, applicationName: "importer", query: expect.stringContaining("clock_timestamp() - now()"), heldForMs: expect.any(Number), events: 2 },
      { ...two, applicationName: "", query: expect.stringContaining("pg_backend_pid()"), heldForMs: expect.any(Number), events: 1 },
    ]);
    expect(blockers[0]?.heldForMs).toBeGreaterThanOrEqual(Math.floor(age.rows[0].ms));
    expect(blockers[0]?.heldForMs).toBeGreaterThanOrEqual(blockers[1]?.heldForMs ?? 0);

    await first.rollback();
    expect(await store.blockers()).toMatchObject([{ pid: two.pid }]);
    await second.commit();
    expect(await store.blockers()).toEqual([]);
  });

  test("names a transaction once, whatever it holds, and each of two at one floor", async ({ store, begin }) => {
    const [one, two] = [await begin(), await begin()];
    await one.append("a");
    await one.execute("savepoint s");
    await one.append("b");
    await two.append("c");
    expect((await store.blockers()).map(({ pid }) => pid)).toHaveLength(2);
  });

  test("shows a role without pg_read_all_stats the pid, not the query, and an age all the same", async ({ application, begin, databaseUrl, schema, sql }) => {
    const name = pg.escapeIdentifier(schema);
    await using role = await createRole(sql);
    await sql.query(
      `grant usage on schema ${name} to ${role.name}; grant select on all tables in schema ${name} to ${role.name}; grant usage, select on all sequences in schema ${name} to ${role.name}`,
    );
    const feed = new Feed(await role.open(databaseUrl), schema, silent);
    const open = await begin();
    await open.append("open");
    const {
      rows: [backend],
    } = await open.client.query("select pg_backend_pid() as pid");
    const hidden = { pid: backend.pid, query: "<insufficient privilege>" };
    expect(await feed.blockers()).toMatchObject([{ ...hidden, heldForMs: 0, events: 0 }]);
    await append(application, "later");
    await eventually(async () => {
      const [blocker] = await feed.blockers();
      expect(blocker).toMatchObject({ ...hidden, events: 1 });
      expect(blocker?.heldForMs).toBeGreaterThan(0);
    });
  });
});
