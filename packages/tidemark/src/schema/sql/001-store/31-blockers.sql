-- Who holds the high-water mark back: every open append, also in a prepared transaction (pid null), with the number of
-- committed events that wait above its floor. Other roles' queries are hidden without pg_read_all_stats.
create function :"schema".blockers()
  returns table (pid integer, transaction text, application_name text, query text, held_for_ms bigint, events bigint)
  language plpgsql volatile
  set enable_seqscan = off
  set enable_bitmapscan = off
as $tidemark$
declare
  v_last constant bigint := coalesce(pg_sequence_last_value(:regclass(events_position_seq)), 0);
begin
  return query
  select floors.pid,
         coalesce(prepared.gid, activity.backend_xid::text),
         coalesce(activity.application_name, ''),
         coalesce(activity.query, ''),
         floor(extract(epoch from clock_timestamp() - coalesce(activity.xact_start, prepared.prepared)) * 1000)::bigint,
         (select count(*) from :"schema".events as e where e.position > floors.floor)
    from (
      select locks.pid, locks.virtualtransaction, min(v_last - ((v_last - locks.objid::bigint) & 4294967295)) as floor
        from pg_catalog.pg_locks as locks
       where locks.locktype = 'advisory'
         and locks.database = (select oid from pg_catalog.pg_database where datname = current_database())
         and locks.classid = :regclass(events_position_seq)::oid
         and locks.objsubid = 2
         and locks.mode = 'ShareLock'
         and (v_last - locks.objid::bigint) & 4294967295 < 4294967296 - 16777216
       group by locks.pid, locks.virtualtransaction
    ) as floors
    left join pg_catalog.pg_stat_activity as activity on activity.pid = floors.pid
    left join pg_catalog.pg_prepared_xacts as prepared on floors.pid is null and '-1/' || prepared.transaction::text = floors.virtualtransaction
   order by floors.floor;
end
$tidemark$;
