-- Takes over a shard whose lease is over: raises its fence, so that the last owner can commit nothing more. Returns no row if another
-- worker has it. owner: its name in messages to users.
--
-- The order, and what breaks without it:
--   1. the lease row, so that one worker at a time takes over, and none ends the transactions of the one before it;
--   2. the backends of the last owner's open transactions. Each of those holds the shard's number as a shared advisory lock
--      (enter_shard). A frozen process would otherwise keep its rows locked and hold the high-water mark back;
--   3. the same number, exclusively: a transaction that enters now waits, and then sees the new fence. Where a backend
--      cannot be ended (another role's, a prepared transaction) it goes on without, and that transaction fails at its
--      checkpoint;
--   4. fence and checkpoint, in one statement.
create function :"schema".take_shard(
  p_id integer, p_worker text, p_lease_ms integer,
  out tenant text, out consumer text, out owner text, out shard integer, out shards integer, out barrier bigint,
  out fence bigint, out checkpoint bigint, out event_id uuid
)
  returns setof record
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '2s'
as $tidemark$
declare
  c_class constant integer := :"schema".lock_number(:regclass(consumer_shards)::oid::bigint);
  v_pid integer;
begin
  perform from :"schema".consumer_leases as l where l.id = p_id and l.lease_end < clock_timestamp() for update skip locked;
  if not found then
    return;
  end if;

  for v_pid in
    select pid
      from pg_catalog.pg_locks
     where locktype = 'advisory'
       and database = (select oid from pg_catalog.pg_database where datname = current_database())
       and classid = :regclass(consumer_shards)::oid
       and objid = p_id::oid
       and objsubid = 2
       and mode = 'ShareLock'
       and granted
       and pid <> pg_backend_pid()
  loop
    begin
      perform pg_terminate_backend(v_pid);
    exception when insufficient_privilege then
      null;
    end;
  end loop;
  for i in 1 .. 50 loop
    exit when pg_try_advisory_xact_lock(c_class, p_id);
    perform pg_sleep(0.01);
  end loop;

  update :"schema".consumer_shards as s
     set fence = s.fence + 1
   where s.id = p_id
  returning s.tenant, s.consumer, s.shard, s.fence, s.position, s.event_id
    into tenant, consumer, shard, fence, checkpoint, event_id;
  select coalesce(c.owner_name, c.name), c.shards, c.barrier into owner, shards, barrier
    from :"schema".consumers as c where c.tenant = take_shard.tenant and c.name = take_shard.consumer;
  update :"schema".consumer_leases as l
     set owner = p_worker,
         lease_end = clock_timestamp() + p_lease_ms * interval '1 millisecond',
         heartbeat_at = clock_timestamp(),
         state = 'starting',
         details = null
   where l.id = p_id;
  return next;
end
$tidemark$;
