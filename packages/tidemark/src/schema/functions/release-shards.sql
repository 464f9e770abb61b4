-- Gives shards back, so that another worker can take them at once. Without p_ids: the worker leaves its consumers, and gives
-- back everything it holds.
create function :"schema".release_shards(p_tenant text, p_worker text, p_ids integer[]) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  with locked as materialized (
    -- In the order of evict_owners(): otherwise a leaving worker and a reset could wait for each other.
    select l.id
      from :"schema".consumer_leases as l
     where l.owner = p_worker
       and l.lease_end > clock_timestamp()
       and (p_ids is null or l.id = any (p_ids))
     order by l.id
       for no key update
  )
  update :"schema".consumer_leases as l
     set lease_end = '-infinity', heartbeat_at = clock_timestamp(), state = 'stopped'
    from locked
   where l.id = locked.id and l.owner = p_worker and l.lease_end > clock_timestamp();
  if p_ids is null then
    delete from :"schema".consumer_workers as w where w.tenant = p_tenant and w.worker = p_worker;
  end if;
end
$tidemark$;
