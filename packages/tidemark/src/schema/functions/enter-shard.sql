-- The first statement of a handler's transaction. Fails at once (TM005) if the shard has another owner. Until the transaction ends,
-- its lock shows a takeover which backend to end. Returns that backend's process id.
--
-- The lock comes before the check: take_shard() either sees the lock, or has raised the fence.
create function :"schema".enter_shard(p_id integer, p_fence bigint) returns integer
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  perform pg_advisory_xact_lock_shared(:"schema".lock_number(:regclass(consumer_shards)::oid::bigint), p_id);
  perform from :"schema".consumer_shards as s where s.id = p_id and s.fence = p_fence;
  if not found then
    perform :"schema".refuse_shard(p_id, p_fence);
  end if;
  return pg_backend_pid();
end
$tidemark$;
