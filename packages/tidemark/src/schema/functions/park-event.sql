-- Writes a dead letter and moves the checkpoint past its event, in one transaction: a shard never passes a failed event without one.
create function :"schema".park_event(
  p_id integer, p_fence bigint, p_from bigint, p_to bigint, p_event_id uuid,
  p_stream_id bigint, p_state text, p_attempts integer, p_error_code text, p_error_message text, p_error_stack text
)
  returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_bitmapscan = off
as $tidemark$
begin
  insert into :"schema".dead_letters (tenant, consumer, position, stream_id, event_id, state, attempts, error_code, error_message, error_stack)
  select s.tenant, s.consumer, p_to, p_stream_id, p_event_id, p_state, p_attempts, p_error_code, p_error_message, p_error_stack
    from :"schema".consumer_shards as s
   where s.id = p_id
  on conflict on constraint dead_letters_pkey do update
     set state = excluded.state, retry_requested = false, attempts = excluded.attempts, error_code = excluded.error_code,
         error_message = excluded.error_message, error_stack = excluded.error_stack, parked_at = excluded.parked_at;
  perform :"schema".move_checkpoint(p_id, p_fence, p_from, p_to, p_event_id);
end
$tidemark$;
