-- Gives up the parts of a build: its shards become one, at the place where its follower began, and it is built in one part from now on. Whoever
-- calls this deletes its documents in the same transaction. For the owner of one of its shards: p_id, p_fence; fails (TM005) where that has another.
create function :"schema".rejoin_build(p_name text, p_version integer, p_tenant text, p_consumer text, p_id integer, p_fence bigint) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_position bigint;
  v_fence bigint;
begin
  -- Of two owners that call this, the second finds its shard gone.
  select c.started_after into v_position
    from :"schema".consumers as c where c.tenant = p_tenant and c.name = p_consumer for no key update;
  perform from :"schema".consumer_shards as s where s.id = p_id and s.fence = p_fence;
  if not found then
    perform :"schema".refuse_shard(p_id, p_fence);
  end if;
  -- What the others write now ends first (enter_shard): they would wait for the shards below, and the caller's deletion for their documents.
  perform pg_advisory_xact_lock(:"schema".lock_number(:regclass(consumer_shards)::oid::bigint), held.id)
     from (select s.id from :"schema".consumer_shards as s where s.tenant = p_tenant and s.consumer = p_consumer order by s.id offset 0) as held;
  perform :"schema".evict_owners(p_tenant, p_consumer);
  select max(s.fence) into v_fence from :"schema".consumer_shards as s where s.tenant = p_tenant and s.consumer = p_consumer;
  delete from :"schema".consumer_shards as s where s.tenant = p_tenant and s.consumer = p_consumer;
  perform :"schema".create_shards(p_tenant, p_consumer, 1, v_position, (select e.id from :"schema".events as e where e.position = v_position), v_fence + 1);
  update :"schema".consumers as c set shards = 1, next_shards = null, barrier = null where c.tenant = p_tenant and c.name = p_consumer;
  update :"schema".projection_builds as b
     set parts = 1, split_after = null, events = 0, documents = 0, reached = null
   where b.name = p_name and b.version = p_version and b.tenant = p_tenant;
end
$tidemark$;
