-- Raises TM005: the shard is not where this worker left it. detail holds the fence and the checkpoint as they are now; both
-- are null where the shard is gone.
create function :"schema".refuse_shard(p_id integer, p_fence bigint) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_now jsonb;
begin
  select jsonb_build_object('fence', s.fence, 'position', s.position) into v_now from :"schema".consumer_shards as s where s.id = p_id;
  raise exception 'shard % is not held with fence %', p_id, p_fence
    using errcode = 'TM005', detail = coalesce(v_now, '{"fence": null, "position": null}');
end
$tidemark$;
