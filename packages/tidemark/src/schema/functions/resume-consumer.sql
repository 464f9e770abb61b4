-- Ends a consumer's pause, and takes stopped shards from their owners, so that a worker tries the event again. False if there is no
-- such consumer.
create function :"schema".resume_consumer(p_tenant text, p_name text) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_failed integer[];
begin
  update :"schema".consumers as c set paused = false, pause_reason = null, paused_by = null, paused_at = null where c.tenant = p_tenant and c.name = p_name;
  if not found then
    return false;
  end if;
  -- Leases before shards, as in take_shard().
  with failed as (
    select l.id
      from :"schema".consumer_leases as l
      join :"schema".consumer_shards as s on s.id = l.id
     where s.tenant = p_tenant and s.consumer = p_name and l.state = 'failed'
     order by l.id
       for update of l
  ), ended as (
    update :"schema".consumer_leases as l set lease_end = '-infinity', state = 'stopped' from failed where l.id = failed.id returning l.id
  )
  select array_agg(id) into v_failed from ended;
  update :"schema".consumer_shards as s set fence = s.fence + 1 where s.id = any (v_failed);
  return true;
end
$tidemark$;
