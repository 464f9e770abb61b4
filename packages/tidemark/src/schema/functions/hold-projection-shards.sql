-- Waits until no handler's transaction of two versions of a projection is in flight, and lets none begin until this one ends: each of them
-- holds its shard's lock (enter_shard). Waits at most a second for each (55P03): nobody but these handlers waits behind it.
create function :"schema".hold_projection_shards(p_name text, p_version integer, p_other integer) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '1s'
as $tidemark$
begin
  perform pg_advisory_xact_lock(:"schema".lock_number(:regclass(consumer_shards)::oid::bigint), held.id)
     from (
       select s.id
         from :"schema".consumers as c
         join :"schema".consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
        where c.kind = 'projection' and c.owner_name = p_name and c.owner_version in (p_version, p_other)
        order by s.id
       offset 0
     ) as held;
end
$tidemark$;
