import type { Queryable, Statement } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";

/** What the server says of itself. */
export interface HealthFacts {
  readonly inRecovery: boolean;
  readonly versionNumber: number;
  readonly synchronousCommit: string;
  readonly fsync: string;
  readonly fullPageWrites: string;
  /** Sessions of clients, and how many a role that is no superuser can have. */
  readonly connections: number;
  readonly maxConnections: number;
  readonly locks: number;
  readonly maxLocksPerTransaction: number;
  /** Sessions and prepared transactions, each of which brings room for so many locks. */
  readonly lockHolders: number;
  /** Committed events above the mark, up to 10,001; the age of the first. */
  readonly waiting: number;
  readonly waitingMs: number;
}

/** @param mark - The high-water mark. */
export async function healthFacts(queryable: Queryable, schema: string, mark: number, timeoutMs: number): Promise<HealthFacts> {
  const [row] = await queryable.query(statement(quoteIdentifier(schema)), [mark], { timeoutMs });
  const facts: HealthFacts = JSON.parse(row?.["facts"] ?? "{}");
  return facts;
}

/**
 * Backends that are no client's have no connection of those that max_connections bounds. A lock of the fast path is not in the shared table.
 *
 * @param schema - Quoted.
 */
function statement(schema: string): Statement {
  const setting = (name: string): string => `pg_catalog.current_setting('${name}')`;
  const number = (name: string): string => `coalesce(pg_catalog.current_setting('${name}', true)::integer, 0)`;
  return {
    name: "tidemark_health",
    unprepared: true,
    text: `
select pg_catalog.json_build_object(
         'inRecovery', pg_catalog.pg_is_in_recovery(),
         'versionNumber', ${number("server_version_num")},
         'synchronousCommit', ${setting("synchronous_commit")},
         'fsync', ${setting("fsync")},
         'fullPageWrites', ${setting("full_page_writes")},
         'connections', (select pg_catalog.count(*) from pg_catalog.pg_stat_activity where backend_type operator(pg_catalog.=) 'client backend'),
         'maxConnections', ${number("max_connections")} - ${number("superuser_reserved_connections")} - ${number("reserved_connections")},
         'locks', (select pg_catalog.count(*) from pg_catalog.pg_locks where not fastpath),
         'maxLocksPerTransaction', ${number("max_locks_per_transaction")},
         'lockHolders', ${number("max_connections")} + ${number("max_prepared_transactions")},
         'waiting', (select pg_catalog.count(*) from (select from ${schema}.events as e where e.position > $1::bigint limit 10001) as waiting),
         'waitingMs', coalesce((
           select greatest(0, extract(epoch from pg_catalog.clock_timestamp() - e.recorded_at) * 1000::numeric)
             from ${schema}.events as e where e.position > $1::bigint order by e.position limit 1
         ), 0)
       )::text as facts`,
  };
}
