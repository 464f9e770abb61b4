-- Parks an event behind its stream's dead letters. If none is left, it does nothing and returns false: the event can be handled.
--
-- It locks the shard first, as settling a letter and resetting the consumer do. Then it locks only the last letter: while that stays,
-- there is a letter to park behind, and a line of thousands costs no more than one of two. A discard locks all letters of a stream
-- (discard_dead_letter), so it waits for this transaction and then sees the parked event.
--
-- Sessions keep plans from when there were few letters. None of those may scan them all, here and in all that looks for letters of a lane:
-- nothing but the index of lanes fits this order. With "lane = …" any index that ends with the position would. Nor may one take them all by another
-- index and sort them, which seems the cheaper way once that of lanes is a level higher than the other.
create function :"schema".park_behind(p_id integer, p_fence bigint, p_from bigint, p_to bigint, p_event_id uuid, p_stream_id bigint) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_sort = off
  set enable_bitmapscan = off
as $tidemark$
declare
  v_tenant text;
  v_consumer text;
begin
  select s.tenant, s.consumer into v_tenant, v_consumer
    from :"schema".consumer_shards as s where s.id = p_id and s.fence = p_fence for no key update;
  if not found then
    perform :"schema".refuse_shard(p_id, p_fence);
  end if;
  -- If the letter is removed while this waits, the last of those left is taken instead.
  perform
     from :"schema".dead_letters as d
    where d.tenant = v_tenant and d.consumer = v_consumer and d.lane between p_stream_id::text and p_stream_id::text and d.state <> 'skipped'
    order by d.lane desc, d.position desc
    limit 1
      for update;
  if not found then
    return false;
  end if;
  perform :"schema".park_event(p_id, p_fence, p_from, p_to, p_event_id, p_stream_id, 'parked', 0, null, null, null);
  return true;
end
$tidemark$;
