-- Those of these locks that no other session holds. To try a lock costs a hundredth of a look into pg_locks, which stops all lock
-- tables of the server for a moment. What it gets it holds until the statement's end, shared, so that two who look at once
-- find the same.
create function :"schema".free_liveness_locks(p_locks integer[]) returns integer[]
  language sql volatile
  set search_path = pg_catalog, pg_temp
as $tidemark$
  select coalesce(array_agg(liveness_lock), '{}')
    from unnest(p_locks) as liveness_lock
   where pg_try_advisory_xact_lock_shared(:"schema".lock_number(:regclass(consumer_workers)::oid::bigint), liveness_lock);
$tidemark$;
