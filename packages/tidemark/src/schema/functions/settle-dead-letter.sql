-- Removes a dead letter that was handled, and requests the next one of its lane. The last statement before
-- COMMIT in the transaction of its handler; fails (TM005) when the shard has another owner.
--
-- False if the letter was discarded meanwhile: the handler's writes must then be rolled back.
create function :"schema".settle_dead_letter(p_id integer, p_fence bigint, p_position bigint) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set enable_bitmapscan = off
as $tidemark$
declare
  v_letter :"schema".dead_letters;
begin
  perform from :"schema".consumer_shards as s where s.id = p_id and s.fence = p_fence for no key update;
  if not found then
    perform :"schema".refuse_shard(p_id, p_fence);
  end if;
  delete from :"schema".dead_letters as d
   using :"schema".consumer_shards as s
   where s.id = p_id and d.tenant = s.tenant and d.consumer = s.consumer and d.position = p_position
  returning d.* into v_letter;
  if not found then
    return false;
  end if;
  perform :"schema".keep_resolved(v_letter, 'handled');
  if v_letter.state <> 'skipped' then
    perform :"schema".request_next_dead_letter(v_letter.tenant, v_letter.consumer, v_letter.lane);
  end if;
  return true;
end
$tidemark$;
