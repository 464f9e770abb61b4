-- Writes a message to the outbox. Returns its position; null if the outbox has a message with this id already, which stays as it is.
--
-- The order is that of an append: the floor, then the position, then the row. So a reader that stops at the mark passes no message that
-- may still appear, and messages of one key that were published one after the other have positions in that order. It waits for nobody but
-- another transaction that publishes the same id.
--
-- A sequence behind the outbox is refused, as one behind the log is (refuse_sequence): a position below those of relays' checkpoints
-- would never be read. Sessions keep a plan for the last message that was made when there were few, and it must not scan them.
create function :"schema".publish_message(p_tenant text, p_id uuid, p_topic text, p_key text, p_payload text, p_headers text) returns bigint
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_bitmapscan = off
as $tidemark$
declare
  v_outbox bigint;
  v_last bigint;
  v_position bigint;
begin
  select (select o.position from :"schema".outbox as o order by o.position desc limit 1),
         coalesce(pg_sequence_last_value(:regclass(events_position_seq)), 0)
    into v_outbox, v_last;
  if v_outbox > v_last then
    perform :"schema".refuse_sequence(v_last, v_outbox);
  end if;
  perform :"schema".hold_floor(null);
  insert into :"schema".outbox as o (position, id, tenant, topic, key, payload, headers)
    values (nextval(:regclass(events_position_seq)), p_id, p_tenant, p_topic, p_key, p_payload::jsonb, p_headers::jsonb)
    on conflict on constraint outbox_tenant_id_key do nothing
    returning o.position into v_position;
  return v_position;
end
$tidemark$;
