-- Records how a removed dead letter was resolved: 'handled', 'discarded', or 'reset' if its event comes again. Keeps the last thousand
-- of each consumer. Call it only from functions with their own search_path.
create function :"schema".keep_resolved(p_letter :"schema".dead_letters, p_outcome text) returns void
  language sql
as $tidemark$
  insert into :"schema".dead_letter_history (tenant, consumer, position, stream_id, event_id, outcome, attempts, error_code, error_message, parked_at)
    values (p_letter.tenant, p_letter.consumer, p_letter.position, p_letter.stream_id, p_letter.event_id, p_outcome,
            p_letter.attempts, p_letter.error_code, p_letter.error_message, p_letter.parked_at);
  delete from :"schema".dead_letter_history as h
   where h.tenant = p_letter.tenant and h.consumer = p_letter.consumer
     and h.id <= (
       select k.id
         from :"schema".dead_letter_history as k
        where k.tenant = p_letter.tenant and k.consumer = p_letter.consumer
        order by k.id desc
       offset 1000
        limit 1
     );
$tidemark$;
