-- Locks the rows of some streams in the order given, which the caller keeps by (tenant, name), so that two batches never
-- wait for each other in a ring. Returns their ids: 0 where there is no such stream, -1 where another transaction holds
-- the row and p_skip_locked.
create function :"schema".find_streams(p_tenants text[], p_names text[], p_skip_locked boolean) returns bigint[]
  language plpgsql
as $tidemark$
begin
  if not p_skip_locked then
    return (
      select array_agg(coalesce(stream.id, :stream(absent)) order by slot)
        from unnest(p_tenants, p_names) with ordinality as wanted (tenant, name, slot)
        left join lateral (
          select id from :"schema".streams as s where s.tenant = wanted.tenant and s.name = wanted.name for no key update
        ) as stream on true
    );
  end if;
  return (
    select array_agg(coalesce(free.id, case when stream.id is not null then :stream(held) end, :stream(absent)) order by slot)
      from unnest(p_tenants, p_names) with ordinality as wanted (tenant, name, slot)
      left join lateral (
        select id from :"schema".streams as s where s.tenant = wanted.tenant and s.name = wanted.name for no key update skip locked
      ) as free on true
      left join lateral (
        select id from :"schema".streams as s where s.tenant = wanted.tenant and s.name = wanted.name
      ) as stream on true
  );
end
$tidemark$;
