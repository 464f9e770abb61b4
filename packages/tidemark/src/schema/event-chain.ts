import { retry } from "../async/retry.ts";
import type { Database, Queryable } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { toSafeInteger } from "../database/number.ts";
import { DatabaseError } from "../errors/database.ts";
import { isTidemarkError } from "../errors/errors.ts";
import { sentence } from "../errors/tidemark-error.ts";

/** The chain of a store's events: each carries a hash of itself and of the event before it in its stream. */
export interface EventChain {
  /** Every event after this position carries a hash; 0 where the chain was begun before the first event. */
  readonly after: number;
  /** Whether appends add to it: false where somebody dropped or disabled its trigger. */
  readonly active: boolean;
}

export const chainTrigger = "events_chain";

export function createChainTrigger(schema: string): string {
  const at = quoteIdentifier(schema);
  return `create trigger ${chainTrigger} before insert on ${at}.events for each row when (new.hash is null) execute function ${at}.chain_event()`;
}

/** Undefined where events are not chained. */
export async function readChain(queryable: Queryable, schema: string, signal?: AbortSignal): Promise<EventChain | undefined> {
  const text = `
select c.position::text as position,
       exists (
         select from pg_catalog.pg_trigger as t
          where t.tgrelid = $1::text::pg_catalog.regclass and t.tgname = '${chainTrigger}'::name and t.tgenabled in ('O', 'A')
       )::text as active
  from ${quoteIdentifier(schema)}.event_chain as c`;
  const [row] = await queryable.query({ name: "tidemark_event_chain", text, unprepared: true }, [`${quoteIdentifier(schema)}.events`], { signal });
  return row && { after: toSafeInteger(row["position"]), active: row["active"] === "true" };
}

/**
 * Makes sure that appends chain their events.
 *
 * @throws {@link DatabaseError} — they do not, and the schema may not be changed (55000); what `beginChain` throws.
 */
export async function requireChain(
  database: Database,
  schema: string,
  { migrate, signal }: { readonly migrate: "auto" | "verify" | "off"; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const chain = await readChain(database, schema, signal);
  if (chain?.active) return;
  const name = JSON.stringify(schema);
  if (chain)
    throw new DatabaseError(
      `The trigger ${chainTrigger} of schema ${name} was dropped or disabled, so that events appended since carry no hash. Run "npx tidemark doctor --schema ${name}": it has the SQL that restores it.`,
      { sqlState: "55000" },
    );
  if (migrate !== "auto")
    throw new DatabaseError(
      `options.integrity is "chain", but the events of schema ${name} are not chained, and migrate: ${JSON.stringify(migrate)} changes nothing. Run: npx tidemark migrate chain --schema ${name}`,
      { sqlState: "55000" },
    );
  await beginChain(database, schema, signal);
}

/**
 * Chains every event that is appended from now on, by whatever process: the hash is computed in the database, by a trigger. Waits for the
 * transactions that have appended; meanwhile appends wait, at most 2 seconds, then they go on and this tries again. Does nothing where events are
 * chained.
 *
 * @throws {@link DatabaseError} — the role does not own the table `events` (42501), or transactions that appended stayed open for six tries (55P03).
 */
export async function beginChain(database: Database, schema: string, signal?: AbortSignal): Promise<EventChain> {
  const begin = (): Promise<void> => database.transaction((session) => session.execute(beginText(schema), { timeoutMs: 0, signal }));
  await retry(begin, { attempts: 6, firstMs: 200, mostMs: 2_000, signal, retryable: passes }).catch((error: unknown) => {
    throw explain(error, schema);
  });
  return (await readChain(database, schema, signal)) ?? { after: 0, active: false };
}

/**
 * In this order: once the lock is held no event is being inserted, and the new statement behind it sees all that were. Longer than the server's
 * deadlock_timeout, after which autovacuum gives way.
 */
function beginText(schema: string): string {
  const at = quoteIdentifier(schema);
  return `
set local lock_timeout = '2s';
lock table ${at}.events in share row exclusive mode;
do $tidemark$
begin
  if not exists (select from ${at}.event_chain) then
    insert into ${at}.event_chain (position) select coalesce(pg_catalog.max(e.position), 0::bigint) from ${at}.events as e;
    ${createChainTrigger(schema)};
  end if;
end
$tidemark$`;
}

function passes(error: unknown): boolean {
  return isTidemarkError(error, "DATABASE") && (error.sqlState === "55P03" || error.sqlState === "40P01");
}

function explain(error: unknown, schema: string): unknown {
  if (!isTidemarkError(error, "DATABASE")) return error;
  const { sqlState, message } = error;
  if (sqlState === "55P03") {
    return new DatabaseError(
      `${sentence(message)} The events of schema ${JSON.stringify(schema)} are not chained yet: six times in a row a transaction that appended was open for 2 seconds. "select * from pg_stat_activity" names it. Try again.`,
      { sqlState, retryable: true, cause: error },
    );
  }
  if (sqlState !== "42501") return error;
  return new DatabaseError(
    `${sentence(message)} Only the owner of the schema's tables can chain the events of schema ${JSON.stringify(schema)}. As that role, run: npx tidemark migrate chain`,
    { sqlState, cause: error },
  );
}
