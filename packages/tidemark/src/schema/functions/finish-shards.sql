-- Replaces a consumer's shards once all of them have reached the barrier. True if it did.
create function :"schema".finish_shards(p_tenant text, p_name text) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_consumer record;
  v_last record;
begin
  select c.barrier, c.next_shards into v_consumer
    from :"schema".consumers as c where c.tenant = p_tenant and c.name = p_name for no key update;
  if v_consumer.barrier is null then
    return false;
  end if;
  -- A new statement: each shard that reached the barrier before this one has committed, or waits for the row above.
  select s.position, s.event_id, max(s.fence) over () as fence, min(s.position) over () as least into v_last
    from :"schema".consumer_shards as s
   where s.tenant = p_tenant and s.consumer = p_name
   order by s.position desc
   limit 1;
  if v_last.least < v_consumer.barrier then
    return false;
  end if;
  -- Leases before shards, as in take_shard().
  perform :"schema".evict_owners(p_tenant, p_name);
  delete from :"schema".consumer_shards as s where s.tenant = p_tenant and s.consumer = p_name;
  perform :"schema".create_shards(p_tenant, p_name, v_consumer.next_shards, v_last.position, v_last.event_id, v_last.fence + 1);
  update :"schema".consumers as c
     set shards = v_consumer.next_shards, next_shards = null, barrier = null
   where c.tenant = p_tenant and c.name = p_name;
  return true;
end
$tidemark$;
