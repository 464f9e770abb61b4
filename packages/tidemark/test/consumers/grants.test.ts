import { randomUUID } from "node:crypto";
import pg from "pg";
import type { Database } from "../../src/database/database.ts";
import { itemAdded } from "../support/cart.ts";
import { expect, test } from "../support/test.ts";
import { documentedGrants, type Grant } from "../schema/documented-grants.ts";
import { createRole } from "../schema/roles.ts";
import { inSchema } from "../support/functions.ts";

/** What a worker and its administration do, each statement once. */
async function work(database: Database, schema: string): Promise<void> {
  const at = pg.escapeIdentifier(schema);
  const name = randomUUID();
  const call = async (text: string, ...values: unknown[]): Promise<Record<string, unknown>> => {
    const { rows } = await database.userQuery<Record<string, unknown>>(inSchema(text, at), values);
    return rows[0] ?? {};
  };
  await call(`select @register_consumer('', $1, 1, 0, '{}')`, name);
  const { id } = await call(`select id from @consumer_shards where consumer = $1`, name);
  await call(`select @renew_leases('', $1, 'w', 0, '{}', '{}', '{}', '[]')`, name);
  await call(`select @take_shard($1, 'w', 60000)`, id);
  await call(`select @renew_leases('', $1, 'v', 0, array[$2]::integer[], '{1}', '{live}', '[null]')`, name, id);
  await call(`select @enter_shard($1, 1)`, id);
  await call(`select @park_event($1, 1, 0, 1, gen_random_uuid(), 1, 'failed', 1, null, 'no', null)`, id);
  await call(`select @park_behind($1, 1, 1, 2, gen_random_uuid(), 1)`, id);
  await call(`select @dead_letter_failed_again($1, 1, 1, 1, null, 'no', null)`, id);
  await call(`select @settle_dead_letter($1, 1, 1)`, id);
  await call(`select @discard_dead_letter('', $1, 2)`, name);
  await call(`select @release_shards('', 'w', null)`);
  await call(`select @request_shards('', $1, 2)`, name);
  await call(`select @reset_consumer('', $1, 0)`, name);
  await call(`select @resume_consumer('', $1)`, name);
  await call(`select @rename_consumer('', $1, $1 || 'x')`, name);
  await call(`select @delete_consumer('', $1 || 'x')`, name);
  await call(`select from @dead_letter_history`);
  const instance = `[{"instance": "i", "hash": 1, "status": "running", "state": null, "stateVersion": 1, "handled": 0, "inputs": 1, "late": 0}]`;
  const command = `[{"instance": "i", "input": 1, "path": [0], "kind": "append", "stream": "s", "payload": {}}]`;
  await call(`select @record_process_inputs('', $1, 1, $2, '[{"instance": "i", "number": 1, "position": 1}]', $3)`, name, instance, command);
  await call(`select @load_process_instances('', $1, 1, '["i"]')`, name);
  await call(`select from @process_inputs`);
  await call(`select from @process_commands`);
  await call(`select @pending_process_commands('{1}', 1)`);
  await call(`select @mark_process_commands('{1}', true)`);
  // As forgetting an instance does; a privilege is asked for where no row is met, too.
  for (const table of ["process_commands", "process_inputs"]) await call(`delete from @${table} where false`);
  await call(`delete from @process_instances where process = $1`, name);
  await call(`select @forget_messages(null, 0, 10)`);
  for (const version of [1, 2]) await call(`select @register_process('', $1, $2, $3, 1, 0)`, name, version, `${name} v${version}`);
}

/** What projections do beside that: they are registered, built, paused and dropped, and have tables of their own. */
async function workOnProjections(database: Database, schema: string): Promise<void> {
  const at = pg.escapeIdentifier(schema);
  const name = randomUUID();
  const call = async (text: string, ...values: unknown[]): Promise<void> => void (await database.userQuery(inSchema(text, at), values));
  // The first serves, so the second is the one to drop.
  for (const version of [1, 2]) await call(`select @register_projection($1, $2, 'inline', '{}')`, name, version);
  await call(`select from @projections join @projection_builds using (name, version), @projection_epoch`);
  await call(`select @ask_for_build($1, 2, '', 'manual', 1, 1, 1)`, name);
  await call(`select @change_projection($1, 2, 'paused', null)`, name);
  await call(`select @drop_projection($1, 2)`, name);
  await call(`create table ${at}."${name}" ()`);
  await call(`drop table ${at}."${name}"`);
}

function isIn(grants: readonly Grant[], privilege: string, object: string): boolean {
  return grants.some((grant) => grant.privilege === privilege && grant.object === object);
}

test.for([
  ["workers", ["grants"], "worker", work],
  ["projections", ["grants", "worker"], "projections", workOnProjections],
] as const)("the documented grants of %s are enough, and none can be left out", async ([, before, block, act], { store, databaseUrl, schema, sql }) => {
  await store.appendToStream("cart-1", [itemAdded(), itemAdded()]);
  await using role = await createRole(sql);
  const grants = documentedGrants(block, schema).filter(({ privilege, object }) =>
    before.every((one) => !isIn(documentedGrants(one, schema), privilege, object)),
  );
  for (const { privilege, object } of [...before.flatMap((one) => documentedGrants(one, schema)), ...grants])
    await sql.query(`grant ${privilege} on ${object} to ${role.name}`);
  const own = await role.open(databaseUrl);
  await act(own, schema);
  for (const { privilege, object } of grants) {
    await sql.query(`revoke ${privilege} on ${object} from ${role.name}`);
    await expect(act(own, schema), `without ${privilege} on ${object}`).rejects.toMatchObject({ sqlState: "42501" });
    await sql.query(`grant ${privilege} on ${object} to ${role.name}`);
  }
});
