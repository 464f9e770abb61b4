-- The other holders of the gate at this moment. A prepared transaction has no pid.
create function :"schema".gate_locks() returns table (pid integer, virtualtransaction text)
  language sql volatile
  set search_path = pg_catalog, pg_temp
as $tidemark$
  select l.pid, l.virtualtransaction
    from pg_catalog.pg_locks as l
   where l.locktype = 'advisory'
     and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
     and l.classid = :regclass(projections)::oid
     and l.objid = 0
     and l.objsubid = 2
     and l.granted
     and l.pid is distinct from pg_backend_pid();
$tidemark$;
