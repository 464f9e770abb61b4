-- A shard's checkpoint, after a commit that was never answered: waits for the row, and so for a backend that may still
-- commit. Fails (TM005) when the shard has another owner.
create function :"schema".read_checkpoint(p_id integer, p_fence bigint, out checkpoint bigint, out event_id uuid)
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  select s.position, s.event_id into checkpoint, event_id
    from :"schema".consumer_shards as s where s.id = p_id and s.fence = p_fence for no key update;
  if not found then
    perform :"schema".refuse_shard(p_id, p_fence);
  end if;
end
$tidemark$;
