-- Registers a projection, unless it is registered. Null if it was; a second caller waits for the first to commit. Else whether it
-- serves: the first version of a name does.
--
-- An inline one begins behind, at the beginning of the log: its follower makes it live once it has caught up. p_manual: a version
-- that does not serve begins inactive, until it is asked for.
create function :"schema".register_projection(p_name text, p_version integer, p_mode text, p_definition jsonb, p_manual boolean default false) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_serving boolean := not exists (select from :"schema".projections as p where p.name = p_name and p.serving);
  v_state text;
begin
  loop
    v_state := case when p_manual and not v_serving then 'inactive' when p_mode = 'inline' then 'behind' else 'following' end;
    insert into :"schema".projections (name, version, mode, state, serving, definition)
    values (p_name, p_version, p_mode, v_state, v_serving, p_definition)
    on conflict do nothing;
    exit when found;
    if exists (select from :"schema".projections as p where p.name = p_name and p.version = p_version) then
      return null;
    end if;
    -- Another version came first, and serves.
    v_serving := false;
  end loop;
  if p_mode = 'inline' then
    perform :"schema".register_consumer(
      '', :"schema".follower_name('projection', p_name, p_version), 1, 0, '{}', 'projection', p_name, p_version);
    update :"schema".consumers as c
       set paused = true
     where v_state = 'inactive' and c.tenant = '' and c.kind = 'projection' and c.owner_name = p_name and c.owner_version = p_version;
  end if;
  return v_serving;
end
$tidemark$;
