-- Begins the build of a projection for one tenant, unless it has begun: up to the end of the log as it is now. What was asked for
-- before, for this version, counts for every tenant. Returns the state it is in.
create function :"schema".begin_build(p_name text, p_version integer, p_tenant text, p_after bigint, p_swap text default 'auto', p_way text default 'follow') returns text
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_state text;
begin
  insert into :"schema".projection_builds (name, version, tenant, way, swap, started_after, target, sample, events_per_second, parts)
  select p.name, p.version, p_tenant, p_way, coalesce(asked.swap, p_swap), p_after, m.mark, asked.sample, asked.events_per_second, coalesce(asked.parts, 1)
    from :"schema".projections as p
   cross join :"schema".high_water_mark(0, null) as m
    left join lateral (
      select b.swap, b.sample, b.events_per_second, b.parts from :"schema".projection_builds as b where b.name = p.name and b.version = p.version order by b.tenant limit 1
    ) as asked on true
   where p.name = p_name and p.version = p_version
      on conflict do nothing;
  select b.state into v_state from :"schema".projection_builds as b where b.name = p_name and b.version = p_version and b.tenant = p_tenant;
  return v_state;
end
$tidemark$;
