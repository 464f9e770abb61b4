import pg from "pg";
import { evolve, type Tally } from "./tally.ts";

const batch = 1_000;

/**
 * The floor of an async projection: the same batches by the bare driver, without leases, fences, filters, checks or other writers to
 * be safe from. Read events, load documents, upsert them, move a checkpoint.
 */
export async function projectBare(url: string, table: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`drop table if exists ${table}; create table ${table} (_id text primary key, data jsonb not null, _version bigint not null default 1)`);
  await client.query(
    `drop table if exists ${table}_checkpoint; create table ${table}_checkpoint (position bigint not null); insert into ${table}_checkpoint values (0)`,
  );
  let [position, count] = [0, 0];
  for (;;) {
    const { rows } = await client.query<{ position: string; id: string; name: string; data: object }>({
      name: "events",
      text: `select e.position, e.id, s.name, e.data, e.type, e.version, e.recorded_at from tidemark.events as e join tidemark.streams as s on s.id = e.stream_id where e.position > $1 order by e.position limit ${batch}`,
      values: [position],
    });
    if (rows.length === 0) break;
    await client.query("begin");
    const ids = [...new Set(rows.map(({ name }) => name))];
    const loaded = await client.query<{ _id: string; data: Tally }>({
      name: "load",
      text: `select _id, data from ${table} where _id = any ($1::text[])`,
      values: [ids],
    });
    const documents = new Map(loaded.rows.map(({ _id, data }) => [_id, data]));
    for (const { id, name } of rows) documents.set(name, evolve(documents.get(name), id));
    await client.query({
      name: "upsert",
      text: `insert into ${table} as d (_id, data) select * from unnest($1::text[], $2::jsonb[]) on conflict (_id) do update set data = excluded.data, _version = d._version + 1`,
      values: [[...documents.keys()], [...documents.values()].map((document) => JSON.stringify(document))],
    });
    position = Number(rows.at(-1)?.position);
    await client.query({ name: "move", text: `update ${table}_checkpoint set position = $1`, values: [position] });
    await client.query("commit");
    count += rows.length;
  }
  await client.end();
  return count;
}
