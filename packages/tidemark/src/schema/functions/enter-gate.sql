-- Takes the gate, shared, until the transaction ends, for an append inside a transaction of the caller's, and before it what says
-- that the append writes these inline projections: their followers, joined by U+001E; null where it writes none. False, and
-- all of it is free again, where the projections' epoch is another than p_epoch: the caller reads the registry again, and may
-- have to change it, which waits for everybody at the gate.
--
-- Under REPEATABLE READ and SERIALIZABLE the epoch is as old as the snapshot; FOR SHARE fails (40001) where it changed since.
create function :"schema".enter_gate(p_epoch bigint, p_writes text default null) returns boolean
  language plpgsql
as $tidemark$
declare
  v_epoch bigint;
begin
  if p_writes is not null then
    perform pg_advisory_xact_lock_shared(:"schema".lock_number(:regclass(projections)::oid::bigint), :"schema".projection_number(follower))
       from unnest(string_to_array(p_writes, chr(30))) as follower;
  end if;
  perform pg_advisory_xact_lock_shared(:"schema".lock_number(:regclass(projections)::oid::bigint), 0);
  if current_setting('transaction_isolation') in ('read committed', 'read uncommitted') then
    select e.epoch into v_epoch from :"schema".projection_epoch as e where e.only_row;
  else
    select e.epoch into v_epoch from :"schema".projection_epoch as e where e.only_row for share;
  end if;
  if v_epoch is distinct from p_epoch then
    raise exception using errcode = 'TM007';
  end if;
  return true;
exception
  when sqlstate 'TM007' then
    return false;
end
$tidemark$;
