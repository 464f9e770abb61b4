-- Ends the leases of workers whose process is dead, so that others take them at once: those that still name one of these locks
-- while no session holds it. The caller has seen the lock held, and then free for some seconds.
--
-- A worker that lost its session but lives names another lock at its next heartbeat, or none. So the rows of consumer_workers
-- are locked, which waits for such a heartbeat, and read again behind the lock. Leases that another session has locked are being taken,
-- given back or ended: to wait for those, against the order of release_shards(), could be a deadlock.
--
-- A wrong verdict costs a takeover. It never costs more: take_shard() raises the fence.
create function :"schema".end_leases_of_dead(p_locks integer[]) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '2s'
as $tidemark$
declare
  c_free constant integer[] := :"schema".free_liveness_locks(p_locks);
  v_workers text[];
begin
  with dead as materialized (
    select w.tenant, w.consumer, w.worker
      from :"schema".consumer_workers as w
     where w.liveness_lock = any (c_free)
     order by w.tenant, w.consumer, w.worker
       for update
  ), gone as (
    delete from :"schema".consumer_workers as w
     where (w.tenant, w.consumer, w.worker) in (select d.tenant, d.consumer, d.worker from dead as d)
    returning w.worker
  )
  select array_agg(distinct worker) into v_workers from gone;

  update :"schema".consumer_leases as l
     set lease_end = '-infinity', state = 'stopped'
   where l.id in (
           select held.id
             from :"schema".consumer_leases as held
            where held.owner = any (v_workers) and held.lease_end > clock_timestamp()
            order by held.id
              for no key update skip locked
         );
end
$tidemark$;
