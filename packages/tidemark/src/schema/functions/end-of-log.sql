-- The mark of the log that a follower reads, and the id of what stands there.
create function :"schema".end_of_log(p_source text, out mark bigint, out id uuid)
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  if p_source = 'outbox' then
    select m.mark, m.id into mark, id from :"schema".outbox_mark(0, null) as m;
  else
    select m.mark, m.id into mark, id from :"schema".high_water_mark(0, null) as m;
  end if;
end
$tidemark$;
