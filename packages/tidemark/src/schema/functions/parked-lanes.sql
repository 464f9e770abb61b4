-- Which of these lanes of a follower have dead letters that others wait behind. Asked before each batch with messages of such a lane, so each is looked up
-- by itself, as park_behind() does: a join, or a plan that was made when there were few letters, reads all of them.
create function :"schema".parked_lanes(p_tenant text, p_consumer text, p_lanes json) returns setof text
  language sql stable
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_sort = off
  set enable_bitmapscan = off
as $tidemark$
  select wanted.lane
    from json_array_elements_text(p_lanes) as wanted (lane)
   cross join lateral (
     select from :"schema".dead_letters as d
      where d.tenant = p_tenant and d.consumer = p_consumer and d.lane between wanted.lane and wanted.lane and d.state <> 'skipped'
      order by d.lane, d.position
      limit 1
   ) as first
$tidemark$;
