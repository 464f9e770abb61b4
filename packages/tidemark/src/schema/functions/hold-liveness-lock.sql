-- Takes a lock that says "this process lives": until its session ends, which PostgreSQL notices at once when the process dies.
-- Held by the connection that listens, and named in consumer_workers. False: another session holds this number.
create function :"schema".hold_liveness_lock(p_lock integer) returns boolean
  language sql volatile
  set search_path = pg_catalog, pg_temp
as $tidemark$
  select pg_try_advisory_lock(:"schema".lock_number(:regclass(consumer_workers)::oid::bigint), p_lock);
$tidemark$;
