import pg from "pg";
import type { Consumed, Effect } from "../history/final.ts";

/** In the order in which they happened; of one consumer, or of all. */
export async function effectsOf(client: pg.Client, consumer?: string): Promise<readonly Effect[]> {
  const text = `select json_build_array(consumer, position, id, shard, fence, part, reading, found) as row
    from app.effects where $1::text is null or consumer = $1 order by consumer, seq`;
  return (await client.query<{ row: Effect }>(text, [consumer ?? null])).rows.map(({ row }) => row);
}

/** What consumers did and left undone, at the end. */
export async function readEffects(client: pg.Client, schema: string): Promise<Consumed> {
  const name = pg.escapeIdentifier(schema);
  const letters = await client.query<{ row: [string, number, string, string | null, number] }>(
    `select json_build_array(consumer, position, state, error_code, attempts) as row from ${name}.dead_letters order by consumer, position`,
  );
  const totals = await client.query<{ row: [string, number, number] }>("select json_build_array(consumer, shard, events) as row from app.totals");
  return { effects: await effectsOf(client), letters: letters.rows.map(({ row }) => row), totals: totals.rows.map(({ row }) => row) };
}
