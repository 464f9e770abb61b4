import pg from "pg";

/**
 * Notes each timer that is deleted before it is due, by the server's clock at that moment. Those that were cancelled are among them; one
 * whose event is in the log fired too early. The time at which its event is recorded tells this only where little time passes in between, and
 * on a busy machine much does.
 */
export async function watchTimers(client: pg.Client, schema: string): Promise<void> {
  await client.query(`
create table app.early_timers (event_id uuid not null, due_at timestamptz not null, gone_at timestamptz not null);

create function app.note_early_timer() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if old.due_at > clock_timestamp() then
    insert into app.early_timers (event_id, due_at, gone_at) values (old.event_id, old.due_at, clock_timestamp());
  end if;
  return old;
end
$$;

create trigger note_early_timer before delete on ${pg.escapeIdentifier(schema)}.timers for each row execute function app.note_early_timer()`);
}

/** How many milliseconds before it was due a timer was taken, or its event was recorded: the ids of those events. */
export async function earlyTimers(client: pg.Client, schema: string): Promise<readonly (readonly [id: string, ms: number])[]> {
  const at = pg.escapeIdentifier(schema);
  const { rows } = await client.query<{ row: readonly [string, number] }>(`
select json_build_array(early.id, max(early.ms)) as row
  from (
    select e.id, (extract(epoch from (e.metadata -> 'timer' ->> 'dueAt')::timestamptz - e.recorded_at) * 1000)::float8 as ms from ${at}.events as e
    union all
    select e.id, (extract(epoch from t.due_at - t.gone_at) * 1000)::float8 from app.early_timers as t join ${at}.events as e on e.id = t.event_id
  ) as early
 where early.ms > 0
 group by early.id`);
  return rows.map(({ row }) => row);
}
