-- Writes a snapshot, unless there is one of as many events or more: what was read earlier never replaces what was read later.
-- p_replaces: the last event of a snapshot that its reader found not to belong to the stream, which goes however many events it
-- has. Snapshots of older state versions go, too, and those of other catalogues after a day, in which versions of an application may
-- run side by side. Returns whether it was written.
--
-- No command waits for it, and it waits for at most a second. This function and a deletion both lock several snapshots: always those of one
-- stream from the latest state version to the earliest, or two of them could wait for each other.
create function :"schema".keep_snapshot(
  p_tenant text, p_kind text, p_name text, p_key text, p_state_version integer, p_catalogue text,
  p_version bigint, p_position bigint, p_event_id uuid, p_heads json, p_state json, p_patches json, p_replaces uuid
) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '1s'
as $tidemark$
begin
  -- If a crash loses it, the next command reads more events once. A command that commits beside it should not wait for its disk.
  perform set_config('synchronous_commit', 'off', true);

  insert into :"schema".snapshots as s (tenant, kind, name, key, state_version, catalogue, version, position, event_id, heads, state, patches)
  values (p_tenant, p_kind, p_name, p_key, p_state_version, p_catalogue, p_version, p_position, p_event_id, p_heads, p_state, p_patches)
  on conflict on constraint snapshots_pkey do update
    set version = excluded.version, position = excluded.position, event_id = excluded.event_id, heads = excluded.heads,
        state = excluded.state, patches = excluded.patches, taken_at = excluded.taken_at
  where s.version < excluded.version or s.event_id = p_replaces;
  if not found then
    return false;
  end if;
  with outdated as materialized (
    select s.state_version
      from :"schema".snapshots as s
     where s.tenant = p_tenant and s.kind = p_kind and s.name = p_name and s.key = p_key and s.state_version < p_state_version
     order by s.state_version desc, s.catalogue
       for update
  )
  delete from :"schema".snapshots as s
   using outdated
   where s.tenant = p_tenant and s.kind = p_kind and s.name = p_name and s.key = p_key
     and s.state_version = outdated.state_version;
  -- Two catalogues may each find the other's outdated: what is locked goes with the next snapshot.
  with abandoned as materialized (
    select s.catalogue
      from :"schema".snapshots as s
     where s.tenant = p_tenant and s.kind = p_kind and s.name = p_name and s.key = p_key and s.state_version = p_state_version
       and s.catalogue <> p_catalogue and s.taken_at < clock_timestamp() - interval '1 day'
       for update skip locked
  )
  delete from :"schema".snapshots as s
   using abandoned
   where s.tenant = p_tenant and s.kind = p_kind and s.name = p_name and s.key = p_key and s.state_version = p_state_version
     and s.catalogue = abandoned.catalogue;
  return true;
end
$tidemark$;
