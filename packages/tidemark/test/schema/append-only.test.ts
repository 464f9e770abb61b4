import pg from "pg";
import { migrate } from "../../src/schema/migrate.ts";
import { createRole } from "./roles.ts";
import { expect, test } from "./test.ts";

const changes = [
  ["update", "events", "update %s.events set type = 'Changed'"],
  ["delete", "events", "delete from %s.events"],
  ["truncate", "events", "truncate %s.events"],
  ["update", "event_tags", "update %s.event_tags set tag = 'changed'"],
  ["delete", "event_tags", "delete from %s.event_tags where false"],
  ["truncate", "event_tags", "truncate %s.event_tags cascade"],
] as const;

test.for(changes)(
  "%s on %s is refused, to a superuser and to the tables' owner",
  async ([operation, table, statement], { database, databaseUrl, schema, sql }) => {
    await using owner = await createRole(sql);
    await sql.query(`grant create on database ${new URL(databaseUrl).pathname.slice(1)} to ${owner.name}`);
    const owned = await owner.open(databaseUrl);
    await migrate(owned, schema);
    const quoted = pg.escapeIdentifier(schema);
    await owned.userQuery(`select ${quoted}.append_one('', 'cart-1', 0, gen_random_uuid(), 'ItemAdded', '{}', null, 'a', null, null)`, []);

    const refusal = { sqlState: "TM004", message: expect.stringContaining(`${operation.toUpperCase()} of ${schema}.${table} is refused`) };
    for (const role of [database, owned]) {
      await expect(role.userQuery(statement.replace("%s", quoted), [])).rejects.toMatchObject(refusal);
    }
    const { rows } = await sql.query(`select type, tag from ${quoted}.events join ${quoted}.event_tags using (position)`);
    expect(rows).toEqual([{ type: "ItemAdded", tag: "a" }]);
  },
);
