-- move_checkpoint for many shards whose handlers wrote nothing here. Returns the ids of those that moved; for the others
-- move_checkpoint says why.
create function :"schema".move_checkpoints(p_ids integer[], p_fences bigint[], p_from bigint[], p_to bigint[], p_event_ids uuid[]) returns setof integer
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  -- In one order for all workers. A row that another session holds is skipped.
  return query
  with wanted as (
    select i.*
      from unnest(p_ids, p_fences, p_from, p_to, p_event_ids) as i (id, fence, "from", "to", event_id)
      join :"schema".consumer_shards as s on s.id = i.id
      join :"schema".consumers as c on c.tenant = s.tenant and c.name = s.consumer
     where s.fence = i.fence and s.position = i."from" and i."to" <= coalesce(c.barrier, i."to")
     order by i.id
       for no key update of s skip locked
  )
  update :"schema".consumer_shards as s
     set position = wanted."to", event_id = wanted.event_id
    from wanted
   where s.id = wanted.id and s.fence = wanted.fence and s.position = wanted."from"
  returning s.id;
end
$tidemark$;
