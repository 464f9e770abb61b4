import type { Queryable, Statement } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import { functionName } from "../schema/function-set.ts";

/**
 * An open append that holds the high-water mark back.
 *
 * @example
 * ```ts
 * const blockers: readonly Blocker[] = await store.blockers();
 * for (const { pid, heldForMs, query } of blockers) console.warn(pid, heldForMs, query);
 * ```
 */
export interface Blocker {
  /** The backend's process id; null for a prepared transaction, which has none. */
  readonly pid: number | null;
  /** A prepared transaction's name, else the transaction's id; null where it has none yet. */
  readonly transaction: string | null;
  readonly applicationName: string;
  /** What the connection runs or ran last. Another role's is hidden without `pg_read_all_stats`. */
  readonly query: string;
  /** Milliseconds since its transaction began; a lower bound if it belongs to another role and is hidden without `pg_read_all_stats`. */
  readonly heldForMs: number;
  /** The committed events that wait above the position where it may still write. */
  readonly events: number;
}

export function blockersStatement(schema: string): Statement {
  return {
    name: "tidemark_blockers",
    text: `select pid::text, transaction, application_name, query, held_for_ms::text, events::text from ${functionName(schema, "blockers")}()`,
  };
}

/** Returns what holds the mark back now, the longest reach first; empty if nothing does. */
export async function readBlockers(queryable: Queryable, statement: Statement, signal?: AbortSignal): Promise<readonly Blocker[]> {
  const rows = await queryable.query(statement, [], { signal });
  return rows.map((row) => ({
    pid: row["pid"] == null ? null : toSafeInteger(row["pid"]),
    transaction: row["transaction"] ?? null,
    applicationName: row["application_name"] ?? "",
    query: row["query"] ?? "",
    heldForMs: toSafeInteger(row["held_for_ms"]),
    events: toSafeInteger(row["events"]),
  }));
}
