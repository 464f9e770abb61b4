-- Sets timers. One with the same owner and key is replaced, with everything that it had: its event, its due time and its failures. A
-- recurring timer keeps its due time if cron and time zone are the same, or a deployment that sets it again would lose an occurrence that is
-- overdue. Waits for a timer that is being fired, and then sets a new one.
--
--   p_keys, p_streams, p_types, p_data, p_metadata, p_tags
--              of each timer, joined as in append_many
--   p_due      of each timer, in milliseconds: from now if p_relative, otherwise since 1970
--   p_cron, p_time_zone, p_missed
--              of all of them; null: they fire once
--
-- No two of them have the same owner and key.
create function :"schema".set_timers(
  p_tenant text, p_owners bigint[], p_keys text, p_streams text, p_ids uuid[], p_types text, p_data text, p_metadata text, p_tags text,
  p_schema_versions smallint[], p_due bigint[], p_relative boolean[],
  p_cron text default null, p_time_zone text default null, p_missed text default null
)
  returns table (set_owner bigint, set_key text, set_event_id uuid, set_due_at timestamptz, set_in interval)
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_now constant timestamptz := clock_timestamp();
begin
  return query
  insert into :"schema".timers as t
    (tenant, owner, key, stream, event_id, type, schema_version, data, metadata, tags, due_at, cron, time_zone, missed, set_at)
  select p_tenant, n.owner, n.key, n.stream, n.id, n.type, n.schema_version, n.data::jsonb, nullif(n.metadata, '')::jsonb,
         string_to_array(nullif(n.tags, ''), chr(31)),
         case
           -- Up to the next whole millisecond: rounded down, it would fire early.
           when n.relative then date_trunc('milliseconds', v_now + n.due * interval '1 millisecond' + interval '999 microseconds')
           else timestamptz 'epoch' + n.due * interval '1 millisecond'
         end,
         p_cron, p_time_zone, p_missed, v_now
    from unnest(
           p_owners, string_to_array(p_keys, chr(30)), string_to_array(p_streams, chr(30)), p_ids, string_to_array(p_types, chr(30)),
           string_to_array(p_data, chr(30)), string_to_array(p_metadata, chr(30)), string_to_array(p_tags, chr(30)),
           p_schema_versions, p_due, p_relative
         ) as n (owner, key, stream, id, type, data, metadata, tags, schema_version, due, relative)
   -- One order for all, or two transactions that replace the same timers could wait for each other.
   order by n.owner, n.key
  on conflict on constraint timers_pkey do update
     set stream = excluded.stream, event_id = excluded.event_id, type = excluded.type, schema_version = excluded.schema_version,
         data = excluded.data, metadata = excluded.metadata, tags = excluded.tags,
         due_at = case when t.cron = excluded.cron and t.time_zone = excluded.time_zone then t.due_at else excluded.due_at end,
         cron = excluded.cron, time_zone = excluded.time_zone, missed = excluded.missed, set_at = excluded.set_at,
         attempts = 0, next_try_at = null, error_code = null, error_message = null
  returning t.owner, t.key, t.event_id, t.due_at, t.due_at - v_now;
end
$tidemark$;
