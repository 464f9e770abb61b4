-- Everything that a worker reports and asks at each heartbeat, in one round trip:
--   1. registers the worker for each of its consumers;
--   2. renews its leases, with the state of each shard. A lease that is over is never renewed, nor one whose fence was raised, because
--      another worker may have begun;
--   3. returns what it needs to know.
--
--   p_consumers  names joined by \x1f
--   p_ids, p_fences, p_states, p_details  one each a shard that it holds; p_details is a JSON array, and
--                                        retryInMs in it becomes retryAt, by this clock
--   p_liveness_lock  the lock that its process holds while it lives; null: none, and its leases alone count
-- Returns { renewed: ids, fences: { id: fence } of the others, livenessLocks: those of the others, consumers: [{ name, shards, barrier, paused, retryRequested, workers, quota, free: ids, nextEndMs }] }:
--   retryRequested  a dead letter, or an instance of a process, waits to be tried again; false where its table is locked (requested_retries())
--   quota      this worker's fair share of the shards
--   free       shards without an owner
--   nextEndMs  until the first of the others' leases ends
create function :"schema".renew_leases(
  p_tenant text, p_consumers text, p_worker text, p_lease_ms integer,
  p_ids integer[], p_fences bigint[], p_states text[], p_details jsonb, p_liveness_lock integer default null
)
  returns jsonb
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  c_names constant text[] := string_to_array(p_consumers, chr(31));
  c_lease constant interval := p_lease_ms * interval '1 millisecond';
  -- First: no row is locked while it waits.
  c_requested constant text[] := :"schema".requested_retries(p_tenant, c_names);
  v_renewed integer[];
begin
  insert into :"schema".consumer_workers (tenant, consumer, worker, lease_end, liveness_lock)
  select c.tenant, c.name, p_worker, clock_timestamp() + c_lease, p_liveness_lock
    from :"schema".consumers as c
   where c.tenant = p_tenant and c.name = any (c_names)
   order by c.name
     for key share
  on conflict on constraint consumer_workers_pkey do update set lease_end = excluded.lease_end, liveness_lock = excluded.liveness_lock;

  with held as (
    select h.id, h.fence, h.state, nullif(p_details -> (h.slot - 1)::integer, 'null') as details
      from unnest(p_ids, p_fences, p_states) with ordinality as h (id, fence, state, slot)
  ), locked as materialized (
    -- In the order of evict_owners(): else a heartbeat and a reset could wait for each other.
    select l.id
      from :"schema".consumer_leases as l
     where l.id = any (p_ids) and l.owner = p_worker
     order by l.id
       for no key update
  ), renewed as (
    update :"schema".consumer_leases as l
       set lease_end = clock_timestamp() + c_lease,
           heartbeat_at = clock_timestamp(),
           state = held.state,
           details = case
             when held.details ->> 'retryInMs' is null then held.details
             else held.details - 'retryInMs' || jsonb_build_object('retryAt', clock_timestamp() + (held.details ->> 'retryInMs')::integer * interval '1 millisecond')
           end
      from held
      join locked on locked.id = held.id
      join :"schema".consumer_shards as s on s.id = held.id and s.fence = held.fence
     where l.id = held.id and l.owner = p_worker and l.lease_end > clock_timestamp()
    returning l.id
  )
  select array_agg(id) into v_renewed from renewed;

  delete from :"schema".consumer_workers as w
   where (w.tenant, w.consumer, w.worker) in (
           select d.tenant, d.consumer, d.worker
             from :"schema".consumer_workers as d
            where d.tenant = p_tenant and d.consumer = any (c_names) and d.worker <> p_worker and d.lease_end < clock_timestamp() - c_lease
              for update skip locked
         );

  return jsonb_build_object(
    'renewed', coalesce(to_jsonb(v_renewed), '[]'),
    'fences', (
      select coalesce(jsonb_object_agg(s.id, s.fence), '{}')
        from :"schema".consumer_shards as s
       where s.id = any (p_ids) and not s.id = any (coalesce(v_renewed, '{}'))
    ),
    'livenessLocks', (
      select coalesce(jsonb_agg(distinct w.liveness_lock), '[]')
        from :"schema".consumer_workers as w
       where w.tenant = p_tenant and w.consumer = any (c_names) and w.liveness_lock <> coalesce(p_liveness_lock, 0) and w.lease_end > clock_timestamp()
    ),
    'consumers', (
      select coalesce(jsonb_agg(jsonb_build_object(
               'name', c.name,
               'shards', c.shards,
               'barrier', c.barrier,
               'paused', c.paused,
               'retryRequested', c.name = any (c_requested),
               'workers', members.count,
               'quota', c.shards / members.count + (members.rank < c.shards % members.count)::integer,
               'free', leases.free,
               'nextEndMs', leases.next_end_ms
             )), '[]')
        from :"schema".consumers as c
        join lateral (
          -- Ranked by a hash of worker and consumer: by worker alone the same one would get every consumer of one shard.
          select count(*) as count,
                 count(*) filter (where (hashtextextended(w.worker || chr(31) || c.name, 0), w.worker) < (hashtextextended(p_worker || chr(31) || c.name, 0), p_worker)) as rank
            from :"schema".consumer_workers as w
           where w.tenant = c.tenant and w.consumer = c.name and (w.lease_end > clock_timestamp() or w.worker = p_worker)
        ) as members on true
        join lateral (
          select coalesce(jsonb_agg(l.id order by s.shard) filter (where l.lease_end < clock_timestamp()), '[]') as free,
                 ceil(extract(epoch from min(l.lease_end) filter (where l.lease_end > clock_timestamp() and l.owner <> p_worker) - clock_timestamp()) * 1000)::bigint as next_end_ms
            from :"schema".consumer_shards as s
            join :"schema".consumer_leases as l on l.id = s.id
           where s.tenant = c.tenant and s.consumer = c.name
        ) as leases on true
       where c.tenant = p_tenant and c.name = any (c_names)
    )
  );
end
$tidemark$;
