-- Registers a version of a process, unless it is registered, and its follower with it. Returns its range: see process_versions.
--
--   p_name   of its follower
--   p_after  the position after which the first version of a process begins; null: the high-water mark
--
-- A version that is higher than all before it takes over from the one that has started new instances so far. The cut between them is the
-- furthest checkpoint of the older one, and nothing that this one has in flight may go beyond it. So its owners are fenced off first, as for
-- a change of shards: each of their transactions either has moved the checkpoint before, or fails. After the next takeover of a shard they
-- know where they end.
--
-- A lower version comes too late: it starts no instance.
create function :"schema".register_process(
  p_tenant text, p_process text, p_version integer, p_name text, p_shards integer, p_after bigint,
  out starts_after bigint, out starts_until bigint
)
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_open record;
begin
  -- One version of a process at a time.
  perform pg_advisory_xact_lock(:"schema".lock_number(:regclass(process_versions)::oid::bigint), hashtext(p_tenant || chr(31) || p_process));
  select v.starts_after, v.starts_until into starts_after, starts_until
    from :"schema".process_versions as v where v.tenant = p_tenant and v.process = p_process and v.version = p_version;
  if found then
    return;
  end if;
  select v.version, c.name into v_open
    from :"schema".process_versions as v
    join :"schema".consumers as c on c.tenant = v.tenant and c.kind = 'process' and c.owner_name = v.process and c.owner_version = v.version
   where v.tenant = p_tenant and v.process = p_process and v.starts_until is null
     for no key update of c;
  if not found then
    starts_after := coalesce(p_after, (select m.mark from :"schema".high_water_mark(0, null) as m));
  else
    if p_version > v_open.version then
      perform :"schema".evict_owners(p_tenant, v_open.name);
    end if;
    select max(s.position) into starts_after from :"schema".consumer_shards as s where s.tenant = p_tenant and s.consumer = v_open.name;
    if p_version < v_open.version then
      starts_until := starts_after;
    else
      update :"schema".process_versions as v
         set starts_until = register_process.starts_after
       where v.tenant = p_tenant and v.process = p_process and v.version = v_open.version;
    end if;
  end if;
  insert into :"schema".process_versions (tenant, process, version, starts_after, starts_until)
    values (p_tenant, p_process, p_version, register_process.starts_after, register_process.starts_until);
  perform :"schema".register_consumer(p_tenant, p_name, p_shards, starts_after, '{}', 'process', p_process, p_version);
end
$tidemark$;
