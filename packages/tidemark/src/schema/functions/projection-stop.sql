-- Whether a projection stands still: its state, and where it is behind and nobody goes on with it what its follower told last.
-- A role that reads documents alone may read neither table, and gets nulls: it cannot know.
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
      from :"schema".consumer_shards as s
      join :"schema".consumer_leases as l on l.id = s.id
     where s.tenant = ''
       and s.consumer = 'projection ' || p_name || ' v' || p_version
       and l.state in ('failed', 'stopped');
  end if;
exception
  when insufficient_privilege then
    null;
end
$tidemark$;
