-- Those of these locks that no other session holds. It tries each lock, and holds what it gets until the statement ends: shared, so that
-- two sessions that look at once find the same. pg_locks would show the same, but stops every lock of the server for a moment.
--
-- plpgsql, because the same session calls it every second, and keeps its plan.
create function :"schema".free_liveness_locks(p_locks integer[]) returns integer[]
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  return (
    select coalesce(array_agg(liveness_lock), '{}')
      from unnest(p_locks) as liveness_lock
     where pg_try_advisory_xact_lock_shared(:"schema".lock_number(:regclass(consumer_workers)::oid::bigint), liveness_lock)
  );
end
$tidemark$;
