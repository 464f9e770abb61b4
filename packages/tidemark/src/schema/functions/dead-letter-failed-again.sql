-- Records that a retried dead letter failed again, after p_attempts attempts: it stays, with the new error. Fails (TM005) if the
-- shard has another owner, which tries it too.
create function :"schema".dead_letter_failed_again(
  p_id integer, p_fence bigint, p_position bigint, p_attempts integer, p_code text, p_message text, p_stack text
)
  returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set enable_bitmapscan = off
as $tidemark$
begin
  perform from :"schema".consumer_shards as s where s.id = p_id and s.fence = p_fence for no key update;
  if not found then
    perform :"schema".refuse_shard(p_id, p_fence);
  end if;
  update :"schema".dead_letters as d
     set retry_requested = false,
         state = case when d.state = 'parked' then 'failed' else d.state end,
         attempts = d.attempts + p_attempts,
         error_code = p_code, error_message = p_message, error_stack = p_stack
    from :"schema".consumer_shards as s
   where s.id = p_id and d.tenant = s.tenant and d.consumer = s.consumer and d.position = p_position;
end
$tidemark$;
