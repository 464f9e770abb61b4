import type { Queryable, Statement } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { connectionLimit, connectionsTaken, lockRoom, locksTaken } from "../server-room.ts";

/** What the server says of itself. */
export interface HealthFacts {
  readonly synchronousCommit: string;
  readonly fsync: string;
  readonly fullPageWrites: string;
  /** Sessions of clients, and how many a role that is no superuser can have. */
  readonly connections: number;
  readonly maxConnections: number;
  readonly locks: number;
  readonly maxLocksPerTransaction: number;
  /** How many locks the server has room for. */
  readonly lockRoom: number;
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

/** @param schema - Quoted. */
function statement(schema: string): Statement {
  const setting = (name: string): string => `pg_catalog.current_setting('${name}')`;
  return {
    name: "tidemark_health",
    unprepared: true,
    text: `
select pg_catalog.json_build_object(
         'synchronousCommit', ${setting("synchronous_commit")},
         'fsync', ${setting("fsync")},
         'fullPageWrites', ${setting("full_page_writes")},
         'connections', ${connectionsTaken},
         'maxConnections', ${connectionLimit},
         'locks', ${locksTaken},
         'maxLocksPerTransaction', ${setting("max_locks_per_transaction")}::integer,
         'lockRoom', ${lockRoom},
         'waiting', (select pg_catalog.count(*) from (select from ${schema}.events as e where e.position > $1::bigint limit 10001) as waiting),
         'waitingMs', coalesce((
           select greatest(0, extract(epoch from pg_catalog.clock_timestamp() - e.recorded_at) * 1000::numeric)
             from ${schema}.events as e where e.position > $1::bigint order by e.position limit 1
         ), 0)
       )::text as facts`,
  };
}
