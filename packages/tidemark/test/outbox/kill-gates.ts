import pg from "pg";
import { eventually, expect } from "../support/test.ts";

/** Where a transaction of publisher-process.ts can be held up. */
export type Fact = "before a message is written" | "after a message was written" | "before the event is written" | "while it commits";

const facts: Readonly<Record<Fact, { readonly number: number; readonly trigger: string }>> = {
  "before a message is written": { number: 1, trigger: "trigger hold_before before insert on %outbox" },
  "after a message was written": { number: 2, trigger: "trigger hold_after after insert on %outbox" },
  "before the event is written": { number: 3, trigger: "trigger hold_event before insert on %events" },
  "while it commits": { number: 4, trigger: "constraint trigger hold_commit after insert on %outbox deferrable initially deferred" },
};

/** Of the advisory locks that are these gates. */
const lockClass = 7_011;

/** Gives the tables of a store triggers that wait at gates, which are open. */
export async function installGates(sql: pg.Pool, schema: string): Promise<void> {
  const at = pg.escapeIdentifier(schema);
  await sql.query(`
create function ${at}.hold() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_advisory_lock_shared(${lockClass}, tg_argv[0]::int);
  perform pg_advisory_unlock_shared(${lockClass}, tg_argv[0]::int);
  return new;
end $$`);
  for (const { number, trigger } of Object.values(facts)) {
    const on = trigger.replace("%", `${at}.`);
    await sql.query(`create ${on} for each row execute function ${at}.hold('${number}')`);
  }
}

export interface ClosedGate extends AsyncDisposable {
  /** Resolves once so many transactions wait at it. */
  holds(transactions: number): Promise<void>;
  /** Opens it. Resolves once the sessions that waited at it have ended. */
  openAndLose(): Promise<void>;
}

/** Closes a gate to what comes next. Open where its scope ends at the latest. */
export async function closeGate(sql: pg.Pool, fact: Fact): Promise<ClosedGate> {
  const { number } = facts[fact];
  const client = await sql.connect();
  await client.query("select pg_advisory_lock($1, $2)", [lockClass, number]);
  let held: number[] = [];
  let open = false;
  const release = async (): Promise<void> => {
    if (open) return;
    open = true;
    await client.query("select pg_advisory_unlock($1, $2)", [lockClass, number]);
    client.release();
  };
  return {
    async holds(transactions) {
      await eventually(async () => {
        const { rows } = await client.query<{ pid: number }>(
          `select pid from pg_locks where locktype = 'advisory' and not granted and classid::bigint = $1 and objid::bigint = $2
              and database = (select oid from pg_database where datname = current_database())`,
          [lockClass, number],
        );
        held = rows.map(({ pid }) => pid);
        expect(held).toHaveLength(transactions);
      });
    },
    async openAndLose() {
      await release();
      await eventually(async () => expect((await sql.query("select from pg_stat_activity where pid = any ($1)", [held])).rows).toEqual([]));
    },
    [Symbol.asyncDispose]: release,
  };
}
