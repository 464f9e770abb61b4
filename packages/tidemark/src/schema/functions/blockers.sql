-- The open appends that hold the high-water mark back, also in prepared transactions (pid null), each with the number of committed
-- events that wait above its floor.
--
-- A prepared transaction is found by its transaction's own lock: it keeps the virtual id of the backend that prepared it,
-- which pg_prepared_xacts does not show. pg_locks is read once, since two reads are two moments.
-- Without pg_read_all_stats other roles' queries and ages are hidden; the first event that waits then tells the least age.
create function :"schema".blockers()
  returns table (pid integer, transaction text, application_name text, query text, held_for_ms bigint, events bigint)
  language plpgsql volatile
  set search_path = pg_catalog, pg_temp
  set jit = off
  set enable_seqscan = off
  set enable_bitmapscan = off
as $tidemark$
declare
  v_last constant bigint := coalesce(pg_sequence_last_value(:regclass(events_position_seq)), 0);
begin
  return query
  with locks as materialized (
    select * from pg_catalog.pg_locks where locktype in ('advisory', 'transactionid')
  ), floors as (
    select locks.pid, locks.virtualtransaction, min(v_last - ((v_last - locks.objid::bigint) & 4294967295)) as floor
      from locks
     where locks.locktype = 'advisory'
       and locks.database = (select oid from pg_catalog.pg_database where datname = current_database())
       and locks.classid = :regclass(events_position_seq)::oid
       and locks.objsubid = 2
       and locks.mode = 'ShareLock'
       and (v_last - locks.objid::bigint) & 4294967295 < 4294967296 - 16777216
     group by locks.pid, locks.virtualtransaction
  ), prepared as (
    select locks.virtualtransaction, prepared.gid, prepared.prepared
      from pg_catalog.pg_prepared_xacts as prepared
      join locks on locks.locktype = 'transactionid' and locks.pid is null and locks.transactionid = prepared.transaction
  )
  select floors.pid,
         coalesce(prepared.gid, activity.backend_xid::text),
         coalesce(activity.application_name, ''),
         coalesce(activity.query, ''),
         coalesce(floor(extract(epoch from clock_timestamp() - coalesce(
           activity.xact_start,
           prepared.prepared,
           (select e.recorded_at from :"schema".events as e where e.position > floors.floor order by e.position limit 1)
         )) * 1000)::bigint, 0),
         (select count(*) from :"schema".events as e where e.position > floors.floor)
    from floors
    left join pg_catalog.pg_stat_activity as activity on activity.pid = floors.pid
    left join prepared on floors.pid is null and prepared.virtualtransaction = floors.virtualtransaction
   order by floors.floor;
end
$tidemark$;
