-- Parks an event behind its stream's dead letters. False, with nothing done, where none is left: the event can be handled.
-- The letters are locked, so that none is removed while another is put behind it.
create function :"schema".park_behind(p_id integer, p_fence bigint, p_from bigint, p_to bigint, p_event_id uuid, p_stream_id bigint) returns boolean
  language plpgsql
as $tidemark$
begin
  perform
     from :"schema".dead_letters as d
     join :"schema".consumer_shards as s on s.tenant = d.tenant and s.consumer = d.consumer
    where s.id = p_id and d.stream_id = p_stream_id and d.state <> 'skipped'
    order by d.position
      for update of d;
  if not found then
    return false;
  end if;
  perform :"schema".park_event(p_id, p_fence, p_from, p_to, p_event_id, p_stream_id, 'parked', 0, null, null, null);
  return true;
end
$tidemark$;
