import type pg from "pg";

/** The sessions of a database that are not idle, without the client's own: what each does, since when, and what it waits for. */
export async function sessionsAtWork(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ told: string }>(
    `select format('%s of "%s", %s, since %s, begun %s, waits for %s/%s, blocked by {%s}: %s', pid, application_name, state, state_change, backend_start,
                   wait_event_type, wait_event, array_to_string(pg_blocking_pids(pid), ','), left(query, 200)) as told
       from pg_stat_activity
      where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid() and state <> 'idle'
      order by backend_start`,
  );
  return rows.map(({ told }) => told);
}
