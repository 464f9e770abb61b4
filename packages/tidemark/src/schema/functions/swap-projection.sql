-- Has a version of a projection serve, in the transaction in which ready_to_swap() said that it may. The last statement but the commit: of an
-- inline one the gate is closed from here on, so that no append is in flight that knows the other version as the serving one.
create function :"schema".swap_projection(p_name text, p_version integer) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_mode text;
  v_before integer;
begin
  select p.mode into v_mode from :"schema".projections as p where p.name = p_name and p.version = p_version;
  select p.version into v_before from :"schema".projections as p where p.name = p_name and p.serving;
  if v_mode = 'inline' then
    perform :"schema".close_gate();
  end if;
  update :"schema".projections as p set serving = false, served_until = clock_timestamp() where p.name = p_name and p.serving;
  update :"schema".projections as p set serving = true where p.name = p_name and p.version = p_version;

  -- After a rollback the replaced version must not be swapped in again by itself.
  update :"schema".projection_builds as b set swap = 'manual' where b.name = p_name and b.version = v_before;
  -- Which says from now on where that one waits for this.
  insert into :"schema".projection_builds as b (name, version, tenant, state, swap, started_after, target, built_at)
  select p_name, v_before, c.tenant, 'ready', 'manual', s.position, s.position, clock_timestamp()
    from :"schema".consumers as c
    join :"schema".consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
   where v_mode = 'async' and c.kind = 'projection' and c.owner_name = p_name and c.owner_version = v_before
      on conflict do nothing;
  -- Up to where the one before is, its handlers have had their effects; from there on this one's have them.
  insert into :"schema".projection_builds as b (name, version, tenant, state, target, effects_after, built_at)
  select p_name, p_version, c.tenant, 'ready', s.position, s.position, clock_timestamp()
    from :"schema".consumers as c
    join :"schema".consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
   where v_mode = 'async' and c.kind = 'projection' and c.owner_name = p_name and c.owner_version = v_before
      on conflict on constraint projection_builds_pkey do update set effects_after = excluded.effects_after;

  if v_mode = 'inline' then
    perform :"schema".raise_epoch();
  end if;
end
$tidemark$;
