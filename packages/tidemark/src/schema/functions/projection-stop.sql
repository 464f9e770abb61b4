-- Whether a projection has stopped: its state, and if it is behind and without a worker, the last report of its follower. A role that
-- may only read documents can read neither table, and gets nulls.
create function :"schema".projection_stop(p_name text, p_version integer, out state text, out details jsonb)
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  select p.state into projection_stop.state from :"schema".projections as p where p.name = p_name and p.version = p_version;
  if projection_stop.state = 'behind' then
    select l.details
      into projection_stop.details
      from :"schema".consumers as c
      join :"schema".consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
      join :"schema".consumer_leases as l on l.id = s.id
     where c.tenant = ''
       and c.kind = 'projection'
       and c.owner_name = p_name
       and c.owner_version = p_version
       and l.state in ('failed', 'stopped');
  end if;
exception
  when insufficient_privilege then
    null;
end
$tidemark$;
