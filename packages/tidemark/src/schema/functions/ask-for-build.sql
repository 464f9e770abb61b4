-- Asks for the build of a version that does not serve: what is given counts for all of its followers, and for those to come. Null leaves
-- what stands there.
create function :"schema".ask_for_build(p_name text, p_version integer, p_tenant text, p_swap text, p_sample integer, p_events_per_second integer, p_parts integer) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  perform :"schema".begin_build(p.name, p.version, coalesce(c.tenant, case p.mode when 'inline' then '' else p_tenant end), coalesce(s.position, 0))
     from :"schema".projections as p
     left join :"schema".consumers as c on c.kind = 'projection' and c.owner_name = p.name and c.owner_version = p.version
     left join :"schema".consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
    where p.name = p_name and p.version = p_version;
  update :"schema".projection_builds as b
     set swap = coalesce(p_swap, b.swap),
         sample = coalesce(p_sample, b.sample),
         events_per_second = coalesce(p_events_per_second, b.events_per_second),
         parts = coalesce(p_parts, b.parts)
   where b.name = p_name and b.version = p_version;
end
$tidemark$;
