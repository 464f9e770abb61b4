import { wholeNumber } from "../arguments/checks.ts";
import { checkOptions } from "../arguments/options.ts";
import type { Database } from "../database/database.ts";
import { connectionLimit, connectionsTaken } from "./server-room.ts";

/**
 * Options of `store.connectionBudget` and `store.doctor`.
 *
 * @example
 * ```ts
 * const options: BudgetOptions = { processes: 12 };
 * ```
 */
export interface BudgetOptions {
  /** How many processes open a store on this server, at least 1. @defaultValue those that listen now, at least 1 */
  readonly processes?: number;
  /** `pool.max` of those processes, 1 to 10,000. @defaultValue this store's */
  readonly poolMax?: number;
}

/**
 * Whether a server has connections for all processes, if each of them uses its whole pool.
 *
 * @example
 * ```ts
 * const enough = ({ wanted, room }: ConnectionBudget): boolean => wanted <= room;
 * ```
 */
export interface ConnectionBudget {
  /** What the server has for roles that are no superuser: `max_connections` without the reserved ones. */
  readonly limit: number;
  /** Clients that are connected now, those of other applications and databases too. */
  readonly taken: number;
  /** The names of applications with the most of them, ten at most. */
  readonly applications: readonly { readonly name: string; readonly connections: number }[];
  /** `limit` without what others have: what is left for stores. */
  readonly room: number;
  /** As given, or this store's. */
  readonly poolMax: number;
  /** The most that one process opens: `pool.max`, two for leases and wake-ups, and one that listens. */
  readonly ofOneProcess: number;
  /** As given, or as many as listen now. */
  readonly processes: number;
  /** `processes` times `ofOneProcess`. */
  readonly wanted: number;
  /** How many processes fit into `room`. */
  readonly fit: number;
}

const shape = { processes: wholeNumber(1, 100_000), poolMax: wholeNumber(1, 10_000) };

/** @throws {@link InvalidArgumentError} */
export function checkBudgetOptions(options: BudgetOptions | undefined): BudgetOptions {
  return checkOptions(options, shape);
}

interface ServerConnections {
  readonly limit: number;
  readonly taken: number;
  readonly others: number;
  readonly listeners: number;
  readonly applications: ConnectionBudget["applications"];
}

export async function connectionBudget(database: Database, options: BudgetOptions): Promise<ConnectionBudget> {
  const { max, most } = database.metrics();
  if (database.driver === "pglite") return await embeddedBudget(database);
  const [row] = await database.query({ name: "tidemark_connections", text, unprepared: true }, []);
  const { limit, taken, others, listeners, applications }: ServerConnections = JSON.parse(row?.["connections"] ?? "{}");
  const { processes = Math.max(1, listeners), poolMax = max } = options;
  const ofOneProcess = poolMax + most - max;
  const room = limit - others;
  const fit = Math.max(0, Math.floor(room / ofOneProcess));
  return { limit, taken, applications, room, poolMax, ofOneProcess, processes, wanted: processes * ofOneProcess, fit };
}

/** An embedded database has its one connection, and no other process. It is asked all the same: one that is closed has none. */
async function embeddedBudget(database: Database): Promise<ConnectionBudget> {
  await database.query({ name: "tidemark_connection", text: "select 1::text as one", unprepared: true }, []);
  return { limit: 1, taken: 1, applications: [], room: 1, poolMax: 1, ofOneProcess: 1, processes: 1, wanted: 1, fit: 1 };
}

/** A store's own are told by the names that its connections have, and by that of this one: an application may have given it. */
const ofStores =
  "(a.application_name operator(pg_catalog.=) pg_catalog.current_setting('application_name') or a.application_name operator(pg_catalog.~) '^tidemark( side| listener)?$')";

const text = `
select pg_catalog.json_build_object(
         'limit', ${connectionLimit},
         'taken', ${connectionsTaken},
         'others', (
           select pg_catalog.count(*) from pg_catalog.pg_stat_activity as a
            where a.backend_type operator(pg_catalog.=) 'client backend' and not ${ofStores}
         ),
         'listeners', (select pg_catalog.count(*) from pg_catalog.pg_stat_activity as a where a.application_name operator(pg_catalog.=) 'tidemark listener'),
         'applications', coalesce((
           select pg_catalog.json_agg(pg_catalog.json_build_object('name', n.name, 'connections', n.connections) order by n.connections desc, n.name)
             from (
               select b.application_name as name, pg_catalog.count(*) as connections from pg_catalog.pg_stat_activity as b
                where b.backend_type operator(pg_catalog.=) 'client backend'
                group by b.application_name order by 2 desc, 1 limit 10
             ) as n
         ), '[]'::json)
       )::text as connections`;
