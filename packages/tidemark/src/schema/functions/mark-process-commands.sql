-- Marks commands of a process as issued. One that was cancelled while it was decided has been issued all the same.
--
-- p_last: no other mark follows soon. The others do not wait for the disk: what they mark is in the log before them, so that a crash never
-- keeps a mark without its events, and a command whose mark is lost finds its events when it is issued again.
create function :"schema".mark_process_commands(p_ids bigint[], p_last boolean) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_bitmapscan = off
  set plan_cache_mode = force_generic_plan
as $tidemark$
begin
  if not p_last then
    perform set_config('synchronous_commit', 'off', true);
  end if;
  update :"schema".process_commands as c
     set status = 'done', attempts = c.attempts + 1, settled_at = clock_timestamp()
   where c.id = any (p_ids) and c.status in ('pending', 'cancelled');
end
$tidemark$;
