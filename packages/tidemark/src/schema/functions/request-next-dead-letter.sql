-- Asks for the first dead letter of a lane to be tried again. Its letters go in order, so the first is the only one that may.
create function :"schema".request_next_dead_letter(p_tenant text, p_consumer text, p_lane text) returns bigint
  language sql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_sort = off
  set enable_bitmapscan = off
as $tidemark$
  update :"schema".dead_letters as d
     set retry_requested = true
   where d.tenant = p_tenant
     and d.consumer = p_consumer
     and d.position = (
           select x.position
             from :"schema".dead_letters as x
            where x.tenant = p_tenant and x.consumer = p_consumer and x.lane between p_lane and p_lane and x.state <> 'skipped'
            order by x.lane, x.position
            limit 1
         )
  returning d.position;
$tidemark$;
