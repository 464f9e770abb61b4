-- Why documents of a projection may be old or missing; reason is null where they are not, or where the projection is unknown. Of the version
-- p_version of p_name or, where p_name is null, of the one that the collection p_collection shows.
--
-- reason: 'paused', 'inactive'; 'stopped', at an event; 'building'; 'behind', an inline one that appends do not write now; 'unfollowed', no
-- worker has it, and there are events that it has not seen. details: the follower's last report.
--
-- A role that may only read documents can read none of these tables, and gets nulls.
create function :"schema".document_state(
  p_name text, p_version integer, p_collection text, p_tenant text,
  out name text, out version integer, out mode text, out reason text, out details jsonb
)
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_state text;
  v_served boolean;
  v_tenant text;
  v_position bigint;
  v_follower text;
  v_followed boolean;
  v_build text;
begin
  select p.name, p.version, p.mode, p.state, p.serving or p.served_until is not null
    into document_state.name, document_state.version, document_state.mode, v_state, v_served
    from :"schema".projections as p
   where (p.name = p_name and p.version = p_version) or (p_name is null and p.serving and p.definition ->> 'collection' = p_collection);
  if v_state is null or v_state = 'live' then
    return;
  elsif v_state in ('paused', 'inactive') then
    reason := v_state;
    return;
  end if;

  select c.tenant, s.position, l.state, l.lease_end > clock_timestamp(), l.details
    into v_tenant, v_position, v_follower, v_followed, document_state.details
    from :"schema".consumers as c
    join :"schema".consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
    join :"schema".consumer_leases as l on l.id = s.id
   where c.kind = 'projection' and c.owner_name = document_state.name and c.owner_version = document_state.version
     and (c.tenant = p_tenant or document_state.mode = 'inline' or c.definition ->> 'tenants' = 'all')
   order by c.tenant = p_tenant desc, l.state = 'failed' desc
   limit 1;
  if v_follower in ('failed', 'stopped') and details -> 'event' is not null then
    reason := 'stopped';
    return;
  end if;
  -- A build by following is marked ready only when a process checks whether it may serve.
  select case when b.way = 'follow' and b.state = 'building' and greatest(v_position, b.reached) >= b.target then 'ready' else b.state end
    into v_build
    from :"schema".projection_builds as b
   where b.name = document_state.name and b.version = document_state.version and b.tenant = coalesce(v_tenant, p_tenant);
  if v_build in ('building', 'failed') or (v_build is null and not v_served) then
    reason := 'building';
  elsif v_state = 'behind' then
    reason := 'behind';
  elsif v_followed is not true and exists (select from :"schema".events as e where e.position > coalesce(v_position, 0)) then
    reason := 'unfollowed';
  end if;
exception
  when insufficient_privilege then
    null;
end
$tidemark$;
