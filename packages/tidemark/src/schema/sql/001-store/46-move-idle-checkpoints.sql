-- move_checkpoint for many shards whose events were all filtered out. Returns the ids of those that moved; the others have
-- lost their lease, which the next heartbeat tells.
create function :"schema".move_idle_checkpoints(p_ids integer[], p_fences bigint[], p_from bigint[], p_to bigint[], p_event_ids uuid[]) returns setof integer
  language plpgsql
as $tidemark$
begin
  -- In one order for all workers. A row that somebody holds is left for the next time.
  return query
  with idle as (
    select i.*
      from unnest(p_ids, p_fences, p_from, p_to, p_event_ids) as i (id, fence, "from", "to", event_id)
      join :"schema".consumer_shards as s on s.id = i.id
      join :"schema".consumers as c on c.tenant = s.tenant and c.name = s.consumer
     where s.fence = i.fence and s.position = i."from" and i."to" <= coalesce(c.barrier, i."to")
     order by i.id
       for no key update of s skip locked
  )
  update :"schema".consumer_shards as s
     set position = idle."to", event_id = idle.event_id
    from idle
   where s.id = idle.id and s.fence = idle.fence and s.position = idle."from"
  returning s.id;
end
$tidemark$;
