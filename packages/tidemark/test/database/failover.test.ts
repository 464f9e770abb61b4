import { startProxy, startServer } from "@tidemark/servers";
import { startStandby } from "../feed/standby.ts";
import { expect, test } from "../support/test.ts";
import { open, pidOf, rejection } from "./open.ts";

const insert = { name: "insert", text: "insert into public.t values (1)" };
const recovering = { name: "recovering", text: "select pg_is_in_recovery()::text as standby" };

test("after a failover that closes no socket, one call finds out, and all connections to the demoted server are dropped", async () => {
  await using primary = await startServer({ settings: { fsync: "off" } });
  await using standby = await startStandby(primary);
  await using proxy = await startProxy({ port: standby.port });
  await using opened = await open(proxy.through(primary.url), { max: 4 });
  const { database } = opened;
  await using direct = await open(primary.url, { max: 1 });
  await direct.database.userQuery("create table public.t (n int)", []);
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
  await direct.database.userQuery("create table public.t (n int)", []);
  const reading = database.query({ name: "sleep", text: "select pg_sleep(1)::text" }, []);
  await pidOf(database);
  expect(database.pool).toMatchObject({ totalCount: 2 });
  proxy.aim(primary.port);
  await rejection(database.query(insert, []));
  await reading;
  expect(await Promise.all([1, 2].map(() => database.query(recovering, [])))).toEqual([[{ standby: "false" }], [{ standby: "false" }]]);
});
