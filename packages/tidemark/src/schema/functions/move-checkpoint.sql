-- Moves a shard's checkpoint, from where its owner knows it to be. The last statement before COMMIT in a handler's
-- transaction, so that its effects and the checkpoint stand or fall together, and the row is locked for a moment only.
--
-- Fails (TM005) unless fence and old position are what the owner says: it was fenced off, its own earlier commit arrived
-- after all, or the database was restored. Nor does it pass the barrier of a change of shards.
create function :"schema".move_checkpoint(p_id integer, p_fence bigint, p_from bigint, p_to bigint, p_event_id uuid) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  update :"schema".consumer_shards as s
     set position = p_to, event_id = p_event_id
   where s.id = p_id
     and s.fence = p_fence
     and s.position = p_from
     and p_to >= p_from
     and p_to <= coalesce((select c.barrier from :"schema".consumers as c where c.tenant = s.tenant and c.name = s.consumer), p_to);
  if not found then
    perform :"schema".refuse_shard(p_id, p_fence);
  end if;
end
$tidemark$;
