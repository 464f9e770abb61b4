-- Removes a dead letter for good. The letters of its lane that waited behind it are then handled. False if there is none.
create function :"schema".discard_dead_letter(p_tenant text, p_consumer text, p_position bigint) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_sort = off
  set enable_bitmapscan = off
as $tidemark$
declare
  v_lane text;
  v_state text;
  v_first bigint;
  v_letter :"schema".dead_letters;
begin
  select d.lane, d.state into v_lane, v_state
    from :"schema".dead_letters as d where d.tenant = p_tenant and d.consumer = p_consumer and d.position = p_position;
  -- All of them, in one order: park_behind() puts none behind a letter that goes away here.
  perform
     from :"schema".dead_letters as d
    where d.tenant = p_tenant and d.consumer = p_consumer and d.lane between v_lane and v_lane
    order by d.lane, d.position
      for update;
  select d.position into v_first
    from :"schema".dead_letters as d
   where d.tenant = p_tenant and d.consumer = p_consumer and d.lane between v_lane and v_lane and d.state <> 'skipped'
   order by d.lane, d.position
   limit 1;
  delete from :"schema".dead_letters as d where d.tenant = p_tenant and d.consumer = p_consumer and d.position = p_position
  returning d.* into v_letter;
  if not found then
    return false;
  end if;
  perform :"schema".keep_resolved(v_letter, 'discarded');
  if v_first = p_position then
    perform :"schema".request_next_dead_letter(p_tenant, p_consumer, v_lane);
  end if;
  return true;
end
$tidemark$;
