-- Splits the build of a projection for one tenant into the parts that were asked for, by the hash of streams: its one shard becomes as many, all
-- at its place, and all end at the end of the log as it is now, where they become one shard again (finish_shards). In a transaction of the
-- shard's owner, who has entered it. False where nothing was split: it has become one part meanwhile.
--
--   p_empty  its table has no documents
create function :"schema".split_build(p_name text, p_version integer, p_tenant text, p_consumer text, p_empty boolean) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_parts integer;
  v_position bigint;
begin
  select b.parts into v_parts from :"schema".projection_builds as b where b.name = p_name and b.version = p_version and b.tenant = p_tenant;
  if coalesce(v_parts, 1) = 1 then
    return false;
  end if;
  -- Done at once: its one shard is as far as itself.
  perform :"schema".request_shards(p_tenant, p_consumer, v_parts);
  select max(s.position) into v_position from :"schema".consumer_shards as s where s.tenant = p_tenant and s.consumer = p_consumer;
  update :"schema".consumers as c
     set next_shards = 1,
         -- An event's position, which a checkpoint can stand at.
         barrier = (
           select greatest(v_position, max(e.position)) from :"schema".events as e where e.position <= (select m.mark from :"schema".high_water_mark(0, null) as m)
         )
   where c.tenant = p_tenant and c.name = p_consumer;
  update :"schema".projection_builds as b
     set split_after = case when p_empty then v_position end
   where b.name = p_name and b.version = p_version and b.tenant = p_tenant;
  return true;
end
$tidemark$;
