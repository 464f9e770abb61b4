import pg from "pg";
import { migrate } from "../../src/schema/migrate.ts";
import { createRole } from "./roles.ts";
import { expect, test } from "./test.ts";
import { fn } from "../support/functions.ts";

const changes = [
  ["update", "events", "update %s.events set type = 'Changed'"],
  ["delete", "events", "delete from %s.events"],
  ["truncate", "events", "truncate %s.events"],
  ["update", "event_tags", "update %s.event_tags set tag = 'changed'"],
  ["delete", "event_tags", "delete from %s.event_tags where false"],
  ["truncate", "event_tags", "truncate %s.event_tags cascade"],
  ["update", "streams", "update %s.streams set name = 'cart-2'"],
  ["delete", "streams", "delete from %s.streams"],
  ["truncate", "streams", "truncate %s.streams"],
  ["delete", "high_water_mark", "delete from %s.high_water_mark"],
  ["truncate", "high_water_mark", "truncate %s.high_water_mark"],
  ["delete", "projections", "delete from %s.projections"],
  ["truncate", "projections", "truncate %s.projections"],
  ["delete", "projection_epoch", "delete from %s.projection_epoch"],
  ["truncate", "projection_epoch", "truncate %s.projection_epoch"],
] as const;

test.for(changes)(
  "%s on %s is refused, to a superuser and to the tables' owner",
  async ([operation, table, statement], { database, databaseUrl, schema, sql }) => {
    await using owner = await createRole(sql);
    await sql.query(`grant create on database ${new URL(databaseUrl).pathname.slice(1)} to ${owner.name}`);
    const owned = await owner.open(databaseUrl);
    await migrate(owned, schema);
    const quoted = pg.escapeIdentifier(schema);
    await owned.userQuery(`select ${quoted}.${fn("append_one")}('', 'cart-1', 0, gen_random_uuid(), 'ItemAdded', '{}', null, 'a', null, null)`, []);

    const refusal = { sqlState: "TM004", message: expect.stringContaining(`${operation.toUpperCase()} of ${schema}.${table} is refused`) };
    for (const role of [database, owned]) {
      await expect(role.userQuery(statement.replace("%s", quoted), [])).rejects.toMatchObject(refusal);
    }
    const { rows } = await sql.query(
      `select s.name, e.type, t.tag
         from ${quoted}.events as e join ${quoted}.event_tags as t using (position) join ${quoted}.streams as s on s.id = e.stream_id
         join ${quoted}.high_water_mark as m on true join ${quoted}.projection_epoch as p on true`,
    );
    expect(rows).toEqual([{ name: "cart-1", type: "ItemAdded", tag: "a" }]);
  },
);
