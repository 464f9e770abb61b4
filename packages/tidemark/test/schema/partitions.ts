import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import { renderSql } from "../../src/schema/render.ts";

const folder = join(import.meta.dirname, "../../../../docs/design/partitions");

async function run(sql: pg.Pool, file: string, schema: string, numbers: Readonly<Record<string, number>>): Promise<void> {
  const text = await readFile(join(folder, file), "utf8");
  // One call of several statements is one transaction.
  const filled = text.replaceAll(/:(boundary|from|to)(?![a-z])/g, (_, name: string) => String(numbers[name]));
  await sql.query(renderSql(filled, schema));
}

/** Makes the log of a store a partitioned table: what is there is its first leaf, positions from `boundary` on are in the second. */
export async function partition(sql: pg.Pool, schema: string, boundary: number, end: number = boundary * 2): Promise<void> {
  await run(sql, "prepare.sql", schema, { boundary });
  await run(sql, "switch-on.sql", schema, { boundary });
  await addLeaf(sql, schema, boundary, end);
}

export async function addLeaf(sql: pg.Pool, schema: string, from: number, to: number): Promise<void> {
  await run(sql, "add-leaf.sql", schema, { from, to });
}
