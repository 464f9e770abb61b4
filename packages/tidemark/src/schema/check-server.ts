import type { Database, Statement, TextRow } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { SequenceBehindError } from "../errors/following.ts";
import { DatabaseError } from "../errors/database.ts";
import { quoteLiteral } from "./render.ts";
import { appliedColumn, type AppliedSchema, explainRead, isAbsent, parseApplied } from "./applied.ts";

/** What the store needs to know of the server it is on. */
export interface ServerFacts {
  /** As the server tells it: `"18.4"`. */
  readonly serverVersion: string;
  readonly synchronousCommit: string;
  /** The server is a standby. */
  readonly inRecovery: boolean;
  /** Of a statement that says nothing: `"read committed"`, unless the role or the database has another default. */
  readonly transactionIsolation: string;
  /** Empty where nothing was applied. */
  readonly applied: AppliedSchema;
}

interface SequenceFacts {
  readonly increment: number;
  readonly cache: number;
  readonly cycle: boolean;
  readonly readable: boolean;
}

const sequence = "events_position_seq";

/** Everything in one statement, so that opening a store costs one round trip. `$1` is the schema's name. */
function factsStatement(schema: string, withApplied: boolean): Statement {
  const text = `
    select pg_catalog.current_setting('server_version') as version,
           pg_catalog.current_setting('server_version_num') as version_number,
           pg_catalog.current_setting('server_encoding') as encoding,
           pg_catalog.current_setting('synchronous_commit') as synchronous_commit,
           pg_catalog.pg_is_in_recovery()::text as in_recovery,
           pg_catalog.current_setting('transaction_isolation') as transaction_isolation,
           pg_catalog.current_setting('session_replication_role') as replication_role,
           pg_catalog.quote_ident(current_user) as role,
           (
             select pg_catalog.json_build_object('increment', seqincrement, 'cache', seqcache, 'cycle', seqcycle,
                      'readable', pg_catalog.has_sequence_privilege(seqrelid, 'usage, select'))::text
               from pg_catalog.pg_sequence
               join pg_catalog.pg_class as class on class.oid = seqrelid
               join pg_catalog.pg_namespace as namespace on namespace.oid = relnamespace
              where nspname = $1 and relname = '${sequence}'
           ) as sequence,
           ${withApplied ? behindColumn(schema) : "null"} as behind,
           ${withApplied ? appliedColumn(schema) : "null"} as applied`;
  return { name: withApplied ? "tidemark_server_and_migrations" : "tidemark_server", text };
}

/** The end of the log where it lies beyond the sequence's, which a standby's never tells. The log's is the older look. */
function behindColumn(schema: string): string {
  const name = quoteLiteral(`${quoteIdentifier(schema)}.${sequence}`);
  return `(
             select pg_catalog.json_build_object('sequence', ends.last, 'log', ends.log, 'remedy', pg_catalog.format('Run: select setval(%L, %s)', ${name}::regclass::text, ends.log))::text
               from (
                 select (select pg_catalog.max(e.position) from ${quoteIdentifier(schema)}.events as e) as log,
                        coalesce(pg_catalog.pg_sequence_last_value(${name}::regclass), 0) as last
                  where not pg_catalog.pg_is_in_recovery() and pg_catalog.has_sequence_privilege(${name}::regclass, 'usage, select')
               ) as ends
              where ends.log > ends.last
           )`;
}

async function readFacts(database: Database, schema: string, withApplied: boolean, signal: AbortSignal | undefined): Promise<TextRow> {
  try {
    const [row] = await database.query(factsStatement(schema, withApplied), [schema], { signal });
    return row ?? {};
  } catch (error) {
    // A database without a store yet: the other facts are asked for alone.
    if (withApplied && isAbsent(error)) return readFacts(database, schema, false, signal);
    throw explainRead(error, schema);
  }
}

/**
 * Reads what the store must know of its server, and refuses one on which its guarantees would not hold.
 *
 * @param options.withApplied - Whether to read the migrations table too, true by default.
 * @throws {@link SequenceBehindError} — the log reaches beyond the position sequence; read `withApplied`.
 * @throws {@link DatabaseError} — before PostgreSQL 15 (0A000), another encoding than UTF8 (0A000), sessions without
 * triggers (55000), a position sequence that was altered (55000), or no privilege on it or on the migrations table (42501).
 */
export async function checkServer(
  database: Database,
  schema: string,
  { withApplied = true, signal }: { readonly withApplied?: boolean; readonly signal?: AbortSignal | undefined } = {},
): Promise<ServerFacts> {
  return judge(await readFacts(database, schema, withApplied, signal), schema);
}

export function judge(row: TextRow, schema: string): ServerFacts {
  const serverVersion = row["version"] ?? "";
  if (Number(row["version_number"]) < 150_000) {
    throw new DatabaseError(`The server is PostgreSQL ${serverVersion}; tidemark needs 15 or later. Upgrade the server.`, { sqlState: "0A000" });
  }
  if (row["encoding"] !== "UTF8") {
    throw new DatabaseError(
      `The database's encoding is ${row["encoding"]}, which cannot hold every JSON text; tidemark needs UTF8. Create a database with: create database … encoding 'UTF8' template template0`,
      { sqlState: "0A000" },
    );
  }
  if (row["replication_role"] === "replica") {
    throw new DatabaseError(
      `Sessions of role ${row["role"]} have session_replication_role = replica: foreign keys and the triggers that keep the log append-only do nothing there. Run: alter role ${row["role"]} reset session_replication_role, or the same for the database`,
      { sqlState: "55000" },
    );
  }
  if (row["sequence"]) checkSequence(JSON.parse(row["sequence"]), schema, row["role"] ?? "");
  if (row["behind"]) throw new SequenceBehindError(JSON.parse(row["behind"]));
  return {
    serverVersion,
    synchronousCommit: row["synchronous_commit"] ?? "",
    inRecovery: row["in_recovery"] === "true",
    transactionIsolation: row["transaction_isolation"] ?? "",
    applied: parseApplied(row["applied"]),
  };
}

/**
 * The high-water mark is right only while positions are drawn one by one and rising. And without a privilege
 * pg_sequence_last_value says NULL from PostgreSQL 17 on, which would read as "no positions were drawn".
 */
function checkSequence({ increment, cache, cycle, readable }: SequenceFacts, schema: string, role: string): void {
  const name = `${quoteIdentifier(schema)}.${sequence}`;
  if (increment !== 1 || cache !== 1 || cycle) {
    throw new DatabaseError(
      `Sequence ${name} was altered: it has increment ${increment}, cache ${cache}, ${cycle ? "cycle" : "no cycle"}; readers would miss events. Run: alter sequence ${name} increment by 1 cache 1 no cycle`,
      { sqlState: "55000" },
    );
  }
  if (!readable) {
    throw new DatabaseError(
      `Role ${role} may not use sequence ${name}, so it cannot tell where the log ends. Run: grant usage on sequence ${name} to ${role}`,
      { sqlState: "42501" },
    );
  }
}
