import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { storeFunction } from "../cluster/store-function.ts";

/** A place where sessions can be stopped inside an append: before a function of the store's, or after it. */
export interface Stop {
  readonly function: string;
  readonly when: "before" | "after";
}

type Query = (text: string, values?: readonly unknown[]) => Promise<Record<string, unknown>[]>;

const lockOf = ({ function: name, when }: Stop): string => `hashtextextended(${pg.escapeLiteral(`stop ${when} ${name}`)}, 0)`;

/** From now on, and until the end of this session's transaction, everybody waits there. */
export async function stopAt(query: Query, stop: Stop): Promise<void> {
  await query("begin");
  await query(`select pg_advisory_xact_lock(${lockOf(stop)})`);
}

/** Waits for somebody to wait there. */
export async function untilStopped(query: Query, stop: Stop, mostMs: number): Promise<void> {
  const waiting = `select from pg_locks where locktype = 'advisory' and not granted and (classid::bigint << 32) | objid::bigint = ${lockOf(stop)}`;
  const deadline = performance.now() + mostMs;
  while ((await query(waiting)).length === 0) {
    if (performance.now() > deadline) throw new Error(`Nobody came to ${stop.function} within ${mostMs} ms.`);
    await delay(10);
  }
}

/**
 * Puts another function in the place of each, which calls it and waits before or after it while somebody says so, however
 * short the patience of its caller. To be done before anybody has called one of them.
 *
 * @param schema - Quoted.
 */
export async function installStops(query: Query, schema: string, stops: readonly Stop[]): Promise<void> {
  for (const stop of stops) {
    const name = await storeFunction(query, schema, stop.function);
    const [found] = await query(
      "select pg_get_function_arguments(oid) as arguments, pg_get_function_identity_arguments(oid) as identity, pg_get_function_result(oid) as result, pronargs::int as count from pg_proc where oid = $1::regproc",
      [name],
    );
    if (!found) throw new Error(`There is no function ${stop.function} to stop at.`);
    const within = `${stop.function}_within`;
    const values = Array.from({ length: Number(found["count"]) }, (_, index) => `$${index + 1}`).join(", ");
    const wait = `perform pg_advisory_lock_shared(${lockOf(stop)}); perform pg_advisory_unlock_shared(${lockOf(stop)});`;
    const isVoid = found["result"] === "void";
    const call = isVoid ? `perform ${schema}.${within}(${values});` : `v_result := ${schema}.${within}(${values});`;
    await query(`alter function ${name}(${String(found["identity"])}) rename to ${within}`);
    await query(`
      create function ${name}(${String(found["arguments"])}) returns ${String(found["result"])} language plpgsql set lock_timeout = 0 as $stop$
      declare v_result ${isVoid ? "text" : String(found["result"])};
      begin
        ${stop.when === "before" ? wait + call : call + wait}
        return ${isVoid ? "" : "v_result"};
      end $stop$`);
  }
}
