-- Whether nobody has held the gate for more than 100 ms: whoever closes it then will not have to wait for long. A prepared
-- transaction holds it until somebody ends it.
create function :"schema".gate_is_quiet() returns boolean
  language sql
  set search_path = pg_catalog, pg_temp
as $tidemark$
  select not exists (
    select
      from pg_catalog.pg_locks as l
      left join pg_catalog.pg_stat_activity as a on a.pid = l.pid
     where l.locktype = 'advisory'
       and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
       and l.classid = :regclass(projections)::oid
       and l.objid = 0
       and l.objsubid = 2
       and l.granted
       and (l.pid is null or a.xact_start < clock_timestamp() - interval '100 milliseconds')
       and l.pid is distinct from pg_backend_pid()
  );
$tidemark$;
