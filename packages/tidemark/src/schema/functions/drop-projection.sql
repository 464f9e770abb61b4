-- Removes a version of a projection that nothing writes: its place in the log with what workers have in flight, its builds and its row. Its
-- table goes in the same transaction. Null where there is no such version; else whether it is gone: not while it serves or is written.
create function :"schema".drop_projection(p_name text, p_version integer) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_state text;
  v_serving boolean;
begin
  select p.state, p.serving into v_state, v_serving
    from :"schema".projections as p where p.name = p_name and p.version = p_version for update;
  if not found then
    return null;
  elsif v_serving or v_state not in ('paused', 'inactive') then
    return false;
  end if;
  perform from :"schema".consumers as c where c.kind = 'projection' and c.owner_name = p_name and c.owner_version = p_version order by c.tenant for update;
  perform :"schema".evict_owners(c.tenant, c.name)
     from :"schema".consumers as c where c.kind = 'projection' and c.owner_name = p_name and c.owner_version = p_version;
  delete from :"schema".consumers as c where c.kind = 'projection' and c.owner_name = p_name and c.owner_version = p_version;
  delete from :"schema".projection_builds as b where b.name = p_name and b.version = p_version;
  perform set_config('tidemark.dropping', 'a projection', true);
  delete from :"schema".projections as p where p.name = p_name and p.version = p_version;
  perform set_config('tidemark.dropping', '', true);
  return true;
end
$tidemark$;
