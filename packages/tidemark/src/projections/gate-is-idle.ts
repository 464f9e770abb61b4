import type { Queryable } from "../database/database.ts";
import { functionName } from "../schema/function-set.ts";

/**
 * Whether no transaction has held the gate of appends for long, so that closing it now takes a moment.
 *
 * @see SQL: `schema/functions/gate-is-idle.sql`
 */
export async function gateIsIdle(queryable: Pick<Queryable, "query">, schema: string): Promise<boolean> {
  const statement = { name: "tidemark_gate_is_idle", text: `select ${functionName(schema, "gate_is_idle")}()::text as quiet` };
  const [row] = await queryable.query(statement, []);
  return row?.["quiet"] === "true";
}
