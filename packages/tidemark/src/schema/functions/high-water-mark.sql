-- The high-water mark: the last event at or below which nothing new can appear. The writer's half is hold_floor().
--
-- Three steps, each a statement of its own with a snapshot of its own (VOLATILE, READ COMMITTED), in this order:
--   1. last = the position sequence;
--   2. mark = the least of last and the floors in pg_locks: every append published a floor before it drew a position, so
--      an open append is seen here, one that starts later draws above last, and one that ended is visible to step 3;
--   3. the last event at or below the mark.
-- It returns an event's position and id, never a number in a gap: after a crash the sequence can hand out numbers
-- below a gap's end again. Taking 2 and 3 in one snapshot loses events.
--
-- p_position, p_id: the last answer this reader had. It stays true as long as that event is there, and floors published
-- late may be older than it, so the greater one is returned.
--
-- A sequence behind the log is refused (refuse_sequence). The log's end is read in the snapshot of step 1, which is older than the
-- look at the sequence, so that a sequence in order is never found behind.
--
-- bound: the least of step 2, below which nothing new can appear in the outbox, either (outbox_mark).
--
-- On a standby locks are not seen and the sequence runs ahead: only the row that the primary wrote counts. It is asked for
-- at every call: a failover behind the same address changes the answer.
create function :"schema".high_water_mark(
  p_position bigint, p_id uuid,
  out mark bigint, out id uuid, out in_recovery boolean, out bound bigint
)
  language plpgsql volatile
  set search_path = pg_catalog, pg_temp
  set jit = off
  set enable_seqscan = off
  set enable_bitmapscan = off
as $tidemark$
declare
  v_log bigint;
  v_last bigint;
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception 'the high-water mark needs READ COMMITTED, not %', upper(current_setting('transaction_isolation')) using errcode = 'TM001';
  end if;
  in_recovery := pg_is_in_recovery();
  if in_recovery then
    select m.position, m.event_id into mark, id from :"schema".high_water_mark as m;
    return;
  end if;

  select (select max(e.position) from :"schema".events as e), coalesce(pg_sequence_last_value(:regclass(events_position_seq)), 0) into v_log, v_last;
  if v_log > v_last then
    perform :"schema".refuse_sequence(v_last, v_log);
  end if;

  -- The distance is taken modulo 2^32, since a lock holds only the low 32 bits of its floor. A floor published after
  -- step 1 lies ahead of last by a little: it is not below it by nearly 2^32.
  select v_last - max(distance)
    into mark
    from (
      select (v_last - objid::bigint) & 4294967295 as distance
        from pg_catalog.pg_locks
       where locktype = 'advisory'
         and database = (select oid from pg_catalog.pg_database where datname = current_database())
         and classid = :regclass(events_position_seq)::oid
         and objsubid = 2
         and mode = 'ShareLock'
    ) as floors
   where distance < 4294967296 - 16777216;
  mark := least(mark, v_last);
  bound := mark;
  select e.position, e.id into mark, id
    from :"schema".events as e where e.position <= mark order by e.position desc limit 1;
  mark := coalesce(mark, 0);
  if mark < p_position and exists (select from :"schema".events as e where e.position = p_position and e.id = p_id) then
    mark := p_position;
    id := p_id;
  end if;
end
$tidemark$;
