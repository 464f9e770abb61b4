-- Asks for another number of shards. A stream changes its shard then, so all of its events must be handled up to one place
-- first: the barrier, the furthest checkpoint. Every fence is raised, so that no transaction in flight goes beyond it, and
-- every lease ends; a worker that takes a shard from now on works up to the barrier.
create function :"schema".request_shards(p_tenant text, p_name text, p_shards integer) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_consumer record;
begin
  select c.shards, c.barrier into v_consumer
    from :"schema".consumers as c where c.tenant = p_tenant and c.name = p_name for no key update;
  if v_consumer.barrier is not null then
    update :"schema".consumers as c set next_shards = p_shards where c.tenant = p_tenant and c.name = p_name;
  elsif v_consumer.shards <> p_shards then
    perform :"schema".evict_owners(p_tenant, p_name);
    update :"schema".consumers as c
       set next_shards = p_shards,
           barrier = (select max(s.position) from :"schema".consumer_shards as s where s.tenant = p_tenant and s.consumer = p_name)
     where c.tenant = p_tenant and c.name = p_name;
    perform :"schema".finish_shards(p_tenant, p_name);
  end if;
end
$tidemark$;
