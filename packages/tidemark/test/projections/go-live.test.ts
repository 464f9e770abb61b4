import pg from "pg";
import { defineProjection, type EventStore } from "../../src/index.ts";
import { itemAdded } from "../support/cart.ts";
import { createRole } from "../schema/roles.ts";
import { fn, inSchema } from "../support/functions.ts";
import { eventually, expect, test } from "../support/test.ts";

const tea = itemAdded("tea", 1, 1);

function isLive(store: EventStore, name: string): Promise<void> {
  return eventually(async () => expect(await store.projections.get(name)).toMatchObject({ state: "live" }));
}

test("gives up a handler that does not end while appends wait for it, and goes live later with each event once", async ({ openStore, schema }) => {
  const at = pg.escapeIdentifier(schema);
  const writer = await openStore();
  const hanging = Promise.withResolvers<object>();
  const released = Promise.withResolvers<void>();
  const counter = defineProjection({
    name: "counter",
    mode: "inline",
    handles: ["ItemAdded"],
    setup: async (tx) => {
      await tx.query(`create table ${at}.counted as select 0 as n`);
    },
    handle: async (_event, tx) => {
      await tx.query(`update ${at}.counted set n = n + 1`);
      const { rows } = await tx.query<{ closed: boolean; lock_timeout: string; statement_timeout: string }>(
        `select exists (select from pg_locks where pid = pg_backend_pid() and locktype = 'advisory' and mode = 'ExclusiveLock' and objid = 0) as closed,
                current_setting('lock_timeout') as lock_timeout, current_setting('statement_timeout') as statement_timeout`,
      );
      if (!rows[0]?.closed) return;
      hanging.resolve(rows[0]);
      await released.promise;
    },
  });
  let appended = 0;
  const run = { going: true };
  const append = async (): Promise<void> => {
    await writer.appendToStream("cart-1", [tea]);
    appended++;
  };
  await append();
  const store = await openStore({ projections: [counter] });
  const appending = (async () => {
    while (run.going) await append();
  })();
  // Nor may a statement of the handler's keep appends waiting.
  expect(await hanging.promise).toEqual({ closed: true, lock_timeout: "100ms", statement_timeout: "200ms" });
  // Whoever was about to append as the handler began goes on, although the handler never ends.
  run.going = false;
  await appending;
  await append();
  released.resolve();
  await isLive(store, "counter");
  await store.appendToStream("cart-1", [tea]);
  expect((await store.query<{ n: number }>(`select n from ${at}.counted`)).rows).toEqual([{ n: appended + 1 }]);
});

test("counts the transaction of another role as open for long once it was seen twice", async ({ store, sql, schema, databaseUrl }) => {
  void store;
  const at = pg.escapeIdentifier(schema);
  await using role = await createRole(sql);
  await sql.query(`grant usage on schema ${at} to ${role.name}`);
  const database = await role.open(databaseUrl);
  const isQuiet = async (): Promise<unknown> => {
    const { rows } = await database.userQuery<{ quiet: boolean }>(`select ${at}.${fn("gate_is_idle")}() as quiet`, []);
    return rows[0]?.quiet;
  };
  expect(await isQuiet()).toBe(true);
  const holder = await sql.connect();
  await holder.query(inSchema("begin; select pg_advisory_xact_lock_shared(@lock_number('@projections'::regclass::oid::bigint), 0)", at));
  expect(await isQuiet()).toBe(false);
  await holder.query("commit");
  holder.release();
  expect(await isQuiet()).toBe(true);
});
