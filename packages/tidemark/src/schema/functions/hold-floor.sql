-- Publishes "I may write positions above this", until the transaction ends: a shared advisory lock, class = the OID of the
-- position sequence, object = the low 32 bits of the floor. The reader's half is high_water_mark().
--
-- pg_sequence_last_value, never `select last_value`: that one reads the page while nextval holds a value up to 32 ahead
-- in it, and a floor that is too high loses events.
-- A transaction of many appends remembers its first floor and takes the same lock again; a lock for each append would
-- exhaust the server's lock table. A lower floor is always safe, so it does not matter how the setting got out of step.
--
-- Refuses when the sequence stands behind the log (refuse_sequence). The log is read in the statement's snapshot, which is older
-- than the look at the sequence, so that a sequence in order is never found behind.
--
-- p_epoch: the projections' epoch that the caller knows. Where it is another one, nothing is published and null returned. The
-- gate was taken by an earlier statement, so that the epoch cannot change behind this look. Null: not compared.
create function :"schema".hold_floor(p_epoch bigint default null) returns bigint
  language plpgsql
as $tidemark$
declare
  v_log bigint;
  v_last bigint;
  v_floor bigint;
  v_epoch bigint;
  v_kept text;
begin
  select (select position from :"schema".events order by position desc limit 1),
         coalesce(pg_sequence_last_value(:regclass(events_position_seq)), 0),
         nullif(current_setting('tidemark.floor_' || :regclass(events_position_seq)::oid, true), '')::bigint,
         (select epoch from :"schema".projection_epoch where only_row)
    into v_log, v_last, v_floor, v_epoch;
  if p_epoch <> v_epoch then
    return null;
  end if;
  if v_log > v_last then
    perform :"schema".refuse_sequence(v_last, v_log);
  end if;
  v_floor := least(v_floor, v_last);
  -- An expression, where PERFORM would be a statement with a plan to start.
  v_kept := case
    when pg_advisory_xact_lock_shared(
           :"schema".lock_number(:regclass(events_position_seq)::oid::bigint), :"schema".lock_number(v_floor)) is not null
      then set_config('tidemark.floor_' || :regclass(events_position_seq)::oid, v_floor::text, true)
  end;
  return v_floor;
end
$tidemark$;
