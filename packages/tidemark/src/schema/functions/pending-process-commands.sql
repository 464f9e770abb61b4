-- Which of these commands of a process are still to be issued, as a JSON array of their ids; and the fence of the shard that asks, null where the
-- shard is gone. Asked before each command is decided, so its plan is kept, and looks ids up whatever the statistics say: the partial index
-- of those that are pending has no id in front, and would be read from end to end.
create function :"schema".pending_process_commands(p_ids bigint[], p_shard integer, out fence bigint, out pending json)
  language plpgsql stable
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_bitmapscan = off
  set plan_cache_mode = force_generic_plan
as $tidemark$
begin
  select s.fence, (select json_agg(c.id) filter (where c.status = 'pending') from :"schema".process_commands as c where c.id = any (p_ids))
    into fence, pending
    from :"schema".consumer_shards as s
   where s.id = p_shard;
end
$tidemark$;
