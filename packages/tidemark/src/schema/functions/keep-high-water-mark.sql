-- Writes the mark down for standbys. Sound when called in a later transaction than the one that read the mark: the commit
-- record of this row then follows those of all events it covers. A row that another session is writing is skipped.
--
-- The event must be there: after a failover the mark may come from a server that had more, and a row ahead of the log would
-- let standbys pass open appends.
create function :"schema".keep_high_water_mark(p_position bigint, p_id uuid) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  perform from :"schema".high_water_mark as m where m.position < p_position for no key update skip locked;
  if found then
    update :"schema".high_water_mark as m
       set position = p_position, event_id = p_id, written_at = clock_timestamp()
     where m.position < p_position
       and exists (select from :"schema".events as e where e.position = p_position and e.id = p_id);
  end if;
end
$tidemark$;
