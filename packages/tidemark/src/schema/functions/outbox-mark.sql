-- The mark of the outbox: the last message at or below the place where nothing new can appear. high_water_mark() finds that place; the
-- message is looked up in a new statement, whose snapshot is later. Taking both in one snapshot loses messages.
--
-- last_id is that of the message at p_position; looked up here, where no plan from when the outbox was small scans it.
--
-- p_position, p_id: as of high_water_mark(). On a standby there is none: relays write, and so run on the primary.
create function :"schema".outbox_mark(
  p_position bigint, p_id uuid,
  out mark bigint, out id uuid, out in_recovery boolean, out last_id uuid
)
  language plpgsql volatile
  set search_path = pg_catalog, pg_temp
  set jit = off
  set enable_seqscan = off
  set enable_bitmapscan = off
as $tidemark$
begin
  select m.bound, m.in_recovery into mark, in_recovery from :"schema".high_water_mark(0, null) as m;
  select o.position, o.id into mark, id
    from :"schema".outbox as o where o.position <= mark order by o.position desc limit 1;
  mark := coalesce(mark, 0);
  select o.id into last_id from :"schema".outbox as o where o.position = p_position;
  if mark < p_position and last_id = p_id then
    mark := p_position;
    id := p_id;
  end if;
end
$tidemark$;
