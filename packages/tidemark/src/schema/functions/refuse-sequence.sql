-- Raises TM002: the position sequence stands behind the log (a partial restore, setval, logical replication). An append would fill
-- old gaps, below every reader's checkpoint, and a reader would take the log to end where the sequence does.
create function :"schema".refuse_sequence(p_last bigint, p_log bigint) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  raise exception 'the position sequence is at %, but the log reaches %', p_last, p_log
    using errcode = 'TM002',
      detail = json_build_object('sequence', p_last, 'log', p_log)::text,
      hint = format('Run: select setval(%L, %s)', :regclass(events_position_seq)::text, p_log);
end
$tidemark$;
