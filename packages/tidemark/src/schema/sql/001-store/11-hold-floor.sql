-- Publishes "I may write positions above this", until the transaction ends: a shared advisory lock, class = the OID of the
-- position sequence, object = the low 32 bits of the floor. The reader's half is high_water_mark().
--
-- pg_sequence_last_value, never `select last_value`: that one reads the page while nextval holds a value up to 32 ahead
-- in it, and a floor that is too high loses events.
-- A transaction of many appends remembers its first floor and takes the same lock again; a lock for each append would
-- exhaust the server's lock table. A lower floor is always safe, so it does not matter how the setting got out of step.
create function :"schema".hold_floor() returns void
  language plpgsql
as $tidemark$
declare
  v_setting constant text := 'tidemark.floor_' || :regclass(events_position_seq)::oid;
  v_last constant bigint := coalesce(pg_sequence_last_value(:regclass(events_position_seq)), 0);
  v_floor constant bigint := least(nullif(current_setting(v_setting, true), '')::bigint, v_last);
begin
  perform pg_advisory_xact_lock_shared(
    :"schema".lock_number(:regclass(events_position_seq)::oid::bigint),
    :"schema".lock_number(v_floor));
  perform set_config(v_setting, v_floor::text, true);
end
$tidemark$;
