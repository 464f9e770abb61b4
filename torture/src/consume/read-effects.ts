import pg from "pg";
import type { Consumed } from "../history/final.ts";

/** What consumers did and left undone, at the end. */
export async function readEffects(client: pg.Client, schema: string): Promise<Consumed> {
  const name = pg.escapeIdentifier(schema);
  const effects = await client.query<{ row: [string, number, string, number, number] }>(
    "select json_build_array(consumer, position, id, shard, fence) as row from app.effects order by consumer, seq",
  );
  const letters = await client.query<{ row: [string, number, string, string | null] }>(
    `select json_build_array(consumer, position, state, error_code) as row from ${name}.dead_letters order by consumer, position`,
  );
  const totals = await client.query<{ row: [string, number, number] }>("select json_build_array(consumer, shard, events) as row from app.totals");
  return { effects: effects.rows.map(({ row }) => row), letters: letters.rows.map(({ row }) => row), totals: totals.rows.map(({ row }) => row) };
}
