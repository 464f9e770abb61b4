-- Registers a projection, unless it is registered. True if it was new; a second caller waits for the first to commit.
--
-- An inline one begins behind, at the beginning of the log: its follower makes it live once it has caught up.
create function :"schema".register_projection(p_name text, p_version integer, p_mode text, p_definition jsonb) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  insert into :"schema".projections (name, version, mode, state, definition)
  values (p_name, p_version, p_mode, case p_mode when 'inline' then 'behind' else 'following' end, p_definition)
  on conflict on constraint projections_pkey do nothing;
  if not found then
    return false;
  end if;
  if p_mode = 'inline' then
    perform :"schema".register_consumer(
      '', :"schema".follower_name('projection', p_name, p_version), 1, 0, '{}', 'projection', p_name, p_version);
  end if;
  return true;
end
$tidemark$;
