import pg from "pg";
import type { ErrandsLeft } from "../history/final.ts";
import { errandTypes } from "./inputs.ts";

/** Which instances stand still, at an input or at a command. */
export async function parkedErrands(client: pg.Client, schema: string): Promise<ErrandsLeft["parked"]> {
  const at = pg.escapeIdentifier(schema);
  return await rows(client, `select json_build_array(instance, parked, handled + 1) as row from ${at}.process_instances where parked is not null`);
}

/** Timers that are due in this run and commands that are: nothing of either is left where the process is at its end. */
export async function unfinishedErrands(client: pg.Client, schema: string): Promise<{ readonly timers: number; readonly commands: number }> {
  const at = pg.escapeIdentifier(schema);
  const { rows: found } = await client.query<{ timers: number; commands: number }>(
    `select (select count(*)::int from ${at}.timers where due_at < clock_timestamp() + interval '10 minutes') as timers,
            (select count(*)::int from ${at}.process_commands where status = 'pending' and due_at < 'infinity') as commands`,
  );
  return found[0] ?? { timers: 0, commands: 0 };
}

/** Everything that the process has written, in its own tables and in the log. */
export async function readErrands(client: pg.Client, schema: string): Promise<Omit<ErrandsLeft, "parked" | "stuck">> {
  const at = pg.escapeIdentifier(schema);
  const instances = `${at}.process_instances as i`;
  return {
    instances: await rows(client, `select json_build_array(instance, status, parked, inputs, handled, late, state) as row from ${instances}`),
    inputs: await rows(
      client,
      `select json_build_array(i.instance, p.number, p.position) as row from ${at}.process_inputs as p join ${instances} on i.id = p.instance_id
        order by p.instance_id, p.number`,
    ),
    commands: await rows(
      client,
      `select json_build_array(i.instance, c.input, c.path, c.kind, c.status, c.state_number, c.error) as row
         from ${at}.process_commands as c join ${instances} on i.id = c.instance_id`,
    ),
    events: await rows(
      client,
      `select json_build_array(e.position, e.id, s.name, e.type, e.data, e.metadata ->> 'correlationId', e.metadata ->> 'causationId') as row
         from ${at}.events as e join ${at}.streams as s on s.id = e.stream_id where e.type = any ($1) order by e.position`,
      [errandTypes],
    ),
    timers: await rows(client, `select json_build_array(i.instance, t.key) as row from ${at}.timers as t join ${instances} on i.id = t.owner`),
  };
}

async function rows<Row>(client: pg.Client, text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
  return (await client.query<{ row: Row }>(text, [...values])).rows.map(({ row }) => row);
}
