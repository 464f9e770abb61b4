import { startProxy, startServer } from "@tidemark/servers";
import { startStandby } from "../feed/standby.ts";
import type { Database } from "../../src/database/database.ts";
import { eventually, expect, test } from "../support/test.ts";
import { open, pidOf, rejection } from "./open.ts";

const insert = { name: "insert", text: "insert into public.t values (1)" };
const recovering = { name: "recovering", text: "select pg_is_in_recovery()::text as standby" };

/** Creates a table, and resolves once the standby has it too: until then an insert there fails because there is no such table. */
async function createTable(primary: Database, standby: string): Promise<void> {
  await primary.userQuery("create table public.t (n int)", []);
  await using there = await open(standby, { max: 1 });
  await eventually(async () =>
    expect((await there.database.userQuery("select to_regclass('public.t') is not null as found", [])).rows).toEqual([{ found: true }]),
  );
}

test("after a failover that closes no socket, one call finds out, and all connections to the demoted server are dropped", async () => {
  await using primary = await startServer({ settings: { fsync: "off" } });
  await using standby = await startStandby(primary);
  await using proxy = await startProxy({ port: standby.port });
  await using opened = await open(proxy.through(primary.url), { max: 4 });
  const { database } = opened;
  await using direct = await open(primary.url, { max: 1 });
  await createTable(direct.database, standby.url);
  // Four connections to the server that was the primary until now.
  const before = await Promise.all([1, 2, 3, 4].map(() => pidOf(database)));
  expect(new Set(before).size).toBe(4);
  proxy.aim(primary.port);

  expect(await rejection(database.query(insert, []))).toMatchObject({ code: "DATABASE", sqlState: "25006", retryable: true });
  await Promise.all([1, 2, 3, 4, 5, 6].map(() => database.query(insert, [])));
  expect(await Promise.all([1, 2, 3, 4].map(() => database.query(recovering, [])))).toEqual(Array.from({ length: 4 }, () => [{ standby: "false" }]));
  const { rows } = await direct.database.userQuery("select count(*)::int as n from public.t", []);
  expect(rows).toEqual([{ n: 6 }]);
  expect(opened.warnings).toEqual([]);
});

test("a connection that was lent while the server was demoted is dropped when it comes back", async () => {
  await using primary = await startServer({ settings: { fsync: "off" } });
  await using standby = await startStandby(primary);
  await using proxy = await startProxy({ port: standby.port });
  await using opened = await open(proxy.through(primary.url), { max: 2 });
  const { database } = opened;
  await using direct = await open(primary.url, { max: 1 });
  await createTable(direct.database, standby.url);
  // Held open as long as the demotion is not known.
  await using gate = await open(standby.url, { max: 1 });
  const lock = (call: string): typeof insert => ({ name: call, text: `select pg_catalog.${call}(7)::text` });
  await gate.database.query(lock("pg_advisory_lock"), []);
  const reading = database.query(lock("pg_advisory_lock_shared"), []);
  const waiting = { name: "waiting", text: "select count(*)::text as n from pg_catalog.pg_locks where locktype = 'advisory' and not granted" };
  await eventually(async () => expect(await database.query(waiting, [])).toEqual([{ n: "1" }]));
  expect(database.pool).toMatchObject({ totalCount: 2 });
  proxy.aim(primary.port);
  expect(await rejection(database.query(insert, []))).toMatchObject({ sqlState: "25006" });
  await gate.database.query(lock("pg_advisory_unlock"), []);
  await reading;
  expect(await Promise.all([1, 2].map(() => database.query(recovering, [])))).toEqual([[{ standby: "false" }], [{ standby: "false" }]]);
});

test("a connection that was being made while the server was demoted is dropped, however late it was ready", async () => {
  await using primary = await startServer({ settings: { fsync: "off" } });
  await using standby = await startStandby(primary);
  await using proxy = await startProxy({ port: standby.port });
  await using opened = await open(proxy.through(primary.url), { max: 2 });
  const { database } = opened;
  await using direct = await open(primary.url, { max: 1 });
  await createTable(direct.database, standby.url);
  await pidOf(database);
  const begun = Promise.withResolvers<void>();
  const found = Promise.withResolvers<void>();
  proxy.on("backend", async ({ connection, name }) => {
    if (connection === 0 || name !== "ReadyForQuery") return;
    begun.resolve();
    await found.promise;
  });
  // The only idle connection finds out, and not before the other one is being made.
  proxy.on("frontend", ({ connection }) => (connection === 0 ? begun.promise : undefined));
  const demoted = rejection(database.query(insert, []));
  const late = database.query(recovering, []);
  await begun.promise;
  proxy.aim(primary.port);
  expect(await demoted).toMatchObject({ sqlState: "25006" });
  found.resolve();
  expect(await late).toEqual([{ standby: "false" }]);
  expect(await Promise.all([1, 2].map(() => database.query(recovering, [])))).toEqual([[{ standby: "false" }], [{ standby: "false" }]]);
});
