-- Inserts the rows of a consumer's shards, all at one position and without an owner.
create function :"schema".create_shards(p_tenant text, p_consumer text, p_shards integer, p_position bigint, p_event_id uuid, p_fence bigint) returns void
  language sql
  set search_path = pg_catalog, pg_temp
as $tidemark$
  with created as (
    insert into :"schema".consumer_shards (tenant, consumer, shard, position, event_id, fence)
    select p_tenant, p_consumer, shard, p_position, p_event_id, p_fence from generate_series(0, p_shards - 1) as shard
    returning id
  )
  insert into :"schema".consumer_leases (id) select id from created;
$tidemark$;
