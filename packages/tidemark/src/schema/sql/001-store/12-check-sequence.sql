-- Refuses to append when the position sequence stands behind the log (a partial restore, setval, logical replication):
-- new events would fill old gaps, below every reader's checkpoint. The log is read first, in a statement of its own: the
-- sequence may only be found further on than it was then.
create function :"schema".check_sequence() returns void
  language plpgsql
as $tidemark$
declare
  v_log bigint;
  v_sequence bigint;
begin
  select max(position) into v_log from :"schema".events;
  v_sequence := coalesce(pg_sequence_last_value(:regclass(events_position_seq)), 0);
  if v_log > v_sequence then
    raise exception 'the position sequence is at %, but the log reaches %', v_sequence, v_log
      using errcode = 'TM002',
        detail = json_build_object('sequence', v_sequence, 'log', v_log)::text,
        hint = format('Run: select setval(%L, %s)', :regclass(events_position_seq)::text, v_log);
  end if;
end
$tidemark$;
