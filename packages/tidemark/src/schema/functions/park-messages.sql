-- Writes dead letters of a relay, in the transaction of its checkpoint. A message of the outbox has no stream: 0.
--
--   p_letters  { position, id, key, state, attempts, code, message, stack } of each, with the event's id; a 'parked' one waits behind the
--              letters of its key
-- Returns how many of those that were to wait have nothing to wait for: others removed all letters of their keys. The transaction must be
-- rolled back then, and their messages published.
--
-- It locks as park_behind() does: the shard, then of each key the last letter.
create function :"schema".park_messages(p_id integer, p_fence bigint, p_letters jsonb) returns integer
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_sort = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set enable_bitmapscan = off
as $tidemark$
declare
  v_tenant text;
  v_consumer text;
  v_letter record;
  v_freed integer := 0;
begin
  select s.tenant, s.consumer into v_tenant, v_consumer
    from :"schema".consumer_shards as s where s.id = p_id and s.fence = p_fence for no key update;
  if not found then
    perform :"schema".refuse_shard(p_id, p_fence);
  end if;
  for v_letter in
    select l.*, coalesce(e.stream_id, 0) as stream_id
      from jsonb_to_recordset(p_letters)
             as l (position bigint, id uuid, key text, state text, attempts integer, code text, message text, stack text)
      left join :"schema".events as e on e.position = l.position
     order by l.position
  loop
    if v_letter.state = 'parked' then
      perform
         from :"schema".dead_letters as d
        where d.tenant = v_tenant and d.consumer = v_consumer and d.lane between v_letter.key and v_letter.key and d.state <> 'skipped'
        order by d.lane desc, d.position desc
        limit 1
          for update;
      if not found then
        v_freed := v_freed + 1;
        continue;
      end if;
    end if;
    insert into :"schema".dead_letters
        (tenant, consumer, position, stream_id, key, event_id, state, attempts, error_code, error_message, error_stack)
      values (v_tenant, v_consumer, v_letter.position, v_letter.stream_id, v_letter.key, v_letter.id, v_letter.state,
              v_letter.attempts, v_letter.code, v_letter.message, v_letter.stack)
      on conflict on constraint dead_letters_pkey do update
         set state = excluded.state, key = excluded.key, retry_requested = false, attempts = excluded.attempts, error_code = excluded.error_code,
             error_message = excluded.error_message, error_stack = excluded.error_stack, parked_at = excluded.parked_at;
  end loop;
  return v_freed;
end
$tidemark$;
