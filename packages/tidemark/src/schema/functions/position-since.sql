-- From where to read what was recorded at or after a time: the place below the first such event above p_after. Null where there is
-- none; p_after where more than a million are late enough, since most of the log is then to be read anyway.
--
-- Positions and times are not in one order: an import keeps the times of its events, and clocks are set back. So no search
-- between positions would do. The BRIN index knows the times of each range of blocks, and leads past those that are too early;
-- the settings leave the planner nothing else, which without statistics would take a third of the log to be late enough.
--
-- p_since  milliseconds since 1970
create function :"schema".position_since(p_since double precision, p_after bigint) returns bigint
  language sql stable
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_indexscan = off
  set enable_indexonlyscan = off
as $tidemark$
  select case when count(*) < 1000000 then min(position) filter (where position > p_after) - 1 else p_after end
    from (select position from :"schema".events where recorded_at >= to_timestamp(p_since / 1000) limit 1000000) as recent;
$tidemark$;
