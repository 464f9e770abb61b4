-- Describes the holders of a lock of the gate's class; null: there are none. Only members of pg_read_all_stats see the age of other
-- roles' transactions.
create function :"schema".gate_holders(p_number integer) returns text
  language sql
  set search_path = pg_catalog, pg_temp
as $tidemark$
  with locks as materialized (
    select * from pg_catalog.pg_locks where locktype in ('advisory', 'transactionid') and granted
  )
  select string_agg(
           case
             when l.pid is null then format('the prepared transaction %L', prepared.gid)
             else format(
               'process %s (role %s, application %L%s)', l.pid, a.usename, a.application_name,
               ', its transaction open for ' || floor(extract(epoch from clock_timestamp() - a.xact_start)) || ' s')
           end, ', ' order by l.pid)
    from locks as l
    left join pg_catalog.pg_stat_activity as a on a.pid = l.pid
    left join lateral (
      select p.gid
        from locks as t
        join pg_catalog.pg_prepared_xacts as p on p.transaction = t.transactionid
       where t.pid is null and t.locktype = 'transactionid' and t.virtualtransaction = l.virtualtransaction
    ) as prepared on l.pid is null
   where l.locktype = 'advisory'
     and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
     and l.classid = :regclass(projections)::oid
     and l.objid = (p_number::bigint & 4294967295)::oid
     and l.objsubid = 2
     and l.pid is distinct from pg_backend_pid();
$tidemark$;
