import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import type { Database } from "../../src/database/database.ts";
import { readRegistry, registryStatement } from "../../src/projections/registry.ts";
import { migrate } from "../../src/schema/migrate.ts";
import { openSchema } from "../../src/schema/open-schema.ts";
import { documentedGrants } from "./documented-grants.ts";
import { createRole } from "./roles.ts";
import { describe, expect, test } from "./test.ts";
import { fn } from "../support/functions.ts";

const reference = await readFile(join(import.meta.dirname, "../../../../docs/reference/schema.md"), "utf8");
const later: readonly string[] = [];

/** What an application's role does, as it would through a store: it creates a stream, then extends it. */
async function work(database: Database, schema: string): Promise<void> {
  const store = pg.escapeIdentifier(schema);
  await read(database, schema);
  const stream = `cart-${randomUUID()}`;
  await database.userQuery(`select ${store}.${fn("append_one")}('', $1, -1, gen_random_uuid(), 'ItemAdded', '{}', null, 'a', null, null)`, [stream]);
  await database.userQuery(
    `select ${store}.${fn("append_batch")}('', null, $1, '{1}', '{1}', '{1}', '{-1}', '{1}', '{1}', '{1}', array[gen_random_uuid()], 'ItemAdded', '{}', null, 'b', true, null, null)`,
    [stream],
  );
  // A transaction of the caller's under another isolation level, which looks at the epoch and at a stream in ways of its own.
  await database.userQuery(
    `do $$ begin
       rollback;
       set transaction isolation level repeatable read;
       perform ${store}.${fn("enter_gate")}(0);
       perform ${store}.${fn("refuse_stale_look")}(s.id, 2) from ${store}.streams as s where s.name = '${stream}';
     end $$`,
    [],
  );
  await readRegistry(database, registryStatement(schema));
  await database.userQuery(`select ${store}.${fn("keep_high_water_mark")}(position, id) from ${store}.events`, []);
  for (const version of [1, 2]) {
    await database.userQuery(`select ${store}.${fn("keep_snapshot")}('', 'stream', 'cart', $1, 2, '', $2, 1, gen_random_uuid(), null, '{}', null, null)`, [
      stream,
      version,
    ]);
  }
  await database.userQuery(
    `select * from ${store}.${fn("set_timers")}('', '{0}', 'r-1', $1, array[gen_random_uuid()], 'ItemAdded', '{}', '', '', '{1}', '{0}', '{true}')`,
    [stream],
  );
  await database.userQuery(`delete from ${store}.timers where key = 'r-1'`, []);
  await database.userQuery(`select ${store}.${fn("publish_message")}('', gen_random_uuid(), 'mail', 'a', '{}', null)`, []);
  // As the store receives a message, and forgets old ones.
  await database.userQuery(`insert into ${store}.inbox (message_id, forget_at) values ('m-1', now()) on conflict do nothing returning ''`, []);
  await database.userQuery(
    `with old as (select message_id from ${store}.inbox for update skip locked) delete from ${store}.inbox as i using old where i.message_id = old.message_id`,
    [],
  );
  // As the store records a change, and settles it.
  await database.userQuery(
    `insert into ${store}.audit_entries (id, action, subject) values (gen_random_uuid(), 'pause', $1)
       on conflict on constraint audit_entries_tenant_id_key do nothing returning number`,
    [stream],
  );
  await database.userQuery(
    `with settled as (
       update ${store}.audit_entries set state = 'done', error = null, settled_at = now() where tenant = '' and id = gen_random_uuid() and state = 'begun'
     ) select 'found' from ${store}.audit_entries where tenant = '' and id = gen_random_uuid()`,
    [],
  );
}

async function read(database: Database, schema: string): Promise<void> {
  const store = pg.escapeIdentifier(schema);
  await openSchema(database, schema, { migrate: "verify" });
  await database.userQuery(
    `select name, version, tag from ${store}.streams join ${store}.events on stream_id = streams.id join ${store}.event_tags using (position)`,
    [],
  );
  await database.userQuery(`select * from ${store}.high_water_mark(null, null)`, []);
  await database.userQuery(`select * from ${store}.blockers()`, []);
  await database.userQuery(`select position from ${store}.high_water_mark`, []);
  await database.userQuery(`select position from ${store}.event_chain`, []);
}

describe("the documented grants", () => {
  test.for([
    { block: "grants", act: work },
    { block: "reader", act: read },
  ])("of the block $block are enough, and none can be left out", async ({ block, act }, { database, databaseUrl, schema, sql }) => {
    await migrate(database, schema);
    await sql.query(`revoke execute on all functions in schema ${pg.escapeIdentifier(schema)} from public`);
    await using role = await createRole(sql);
    const own = await role.open(databaseUrl);
    const grants = documentedGrants(block, schema);
    for (const { privilege, object } of grants) await sql.query(`grant ${privilege} on ${object} to ${role.name}`);
    await act(own, schema);
    for (const { privilege, object } of grants) {
      await sql.query(`revoke ${privilege} on ${object} from ${role.name}`);
      await expect(act(own, schema), `without ${privilege} on ${object}`).rejects.toMatchObject({ sqlState: "42501" });
      await sql.query(`grant ${privilege} on ${object} to ${role.name}`);
    }
    await act(own, schema);
  });

  test("let the application's role change no stream", async ({ database, databaseUrl, schema, sql }) => {
    await migrate(database, schema);
    await using role = await createRole(sql);
    for (const { privilege, object } of documentedGrants("grants", schema)) await sql.query(`grant ${privilege} on ${object} to ${role.name}`);
    const own = await role.open(databaseUrl);
    await work(own, schema);
    const streams = `${pg.escapeIdentifier(schema)}.streams`;
    await expect(own.userQuery(`update ${streams} set category = 'x'`, [])).rejects.toMatchObject({ sqlState: "428C9" });
    for (const statement of [`update ${streams} set name = 'x'`, `delete from ${streams}`, `truncate ${streams}`]) {
      await expect(own.userQuery(statement, []), statement).rejects.toMatchObject({ sqlState: "42501" });
    }
  });
});

test("the reference lists every table, column, type and constraint", async ({ database, schema, sql }) => {
  await migrate(database, schema);
  const { rows: columns } = await sql.query<{ table: string; column: string; type: string }>(
    `select relname as "table", attname as "column", replace(regexp_replace(format_type(atttypid, atttypmod), '^timestamp(\\S*) with time zone$', 'timestamptz\\1'), 'timestamp with', '') as type
       from pg_attribute join pg_class on pg_class.oid = attrelid join pg_namespace as n on n.oid = relnamespace
      where nspname = $1 and relkind = 'r' and attnum > 0 and not attisdropped and relname <> all ($2)
      order by relname, attnum`,
    [schema, later],
  );
  const described = [...reference.matchAll(/^### `(\w+)`$(.*?)(?=^##)/gms)].flatMap(([, table, section = ""]) =>
    [...section.matchAll(/^\| `(\w+)` \| `([^`]+)` \|/gm)].map(([, column, type]) => ({ table, column, type })),
  );
  expect(described.toSorted((a, b) => ((a.table ?? "") < (b.table ?? "") ? -1 : a.table === b.table ? 0 : 1))).toEqual(columns);

  const { rows: constraints } = await sql.query<{ name: string }>(
    `select conname as name from pg_constraint join pg_class on pg_class.oid = conrelid join pg_namespace as n on n.oid = relnamespace
      where nspname = $1 and relname <> all ($2) and contype <> 'n'`,
    [schema, later],
  );
  expect(constraints.map(({ name }) => name).filter((name) => !reference.includes(`\`${name}\``))).toEqual([]);
});
