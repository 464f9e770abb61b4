-- Whose effects outside the database count, at this moment, of the versions of a projection: to be read in each transaction of a handler,
-- after its first statement, which a swap waits for (hold_projection_shards).
--
-- serving: this version's do, after effects_after. Else those of the version that serves, which is at until for this tenant: null where
-- nothing follows it. A follower of this version goes no further than that, so that none is left out.
create function :"schema".projection_effects(p_name text, p_version integer, p_shard integer, out serving boolean, out effects_after bigint, out until bigint)
  language plpgsql stable
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_tenant text;
begin
  select s.tenant into v_tenant from :"schema".consumer_shards as s where s.id = p_shard;
  select p.serving, b.effects_after
    into projection_effects.serving, projection_effects.effects_after
    from :"schema".projections as p
    left join :"schema".projection_builds as b on b.name = p.name and b.version = p.version and b.tenant = v_tenant
   where p.name = p_name and p.version = p_version;
  if not projection_effects.serving then
    select s.position into projection_effects.until
      from :"schema".projections as p
      join :"schema".consumers as c on c.kind = 'projection' and c.owner_name = p.name and c.owner_version = p.version and c.tenant = v_tenant
      join :"schema".consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
     where p.name = p_name and p.serving;
  end if;
end
$tidemark$;
