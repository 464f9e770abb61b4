-- Waits until no transaction that writes an inline projection is in flight, and lets none begin until this one ends: each holds
-- the projection's number as a shared advisory lock, of the class of the gate. Statements after this one see what they
-- wrote. Waits at most 100 ms, since new writers wait behind it, and fails (55P03) with the names of the transactions in the way.
create function :"schema".stop_projection_writers(p_name text, p_version integer) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '100ms'
as $tidemark$
declare
  c_number constant integer := :"schema".projection_number(:"schema".follower_name('projection', p_name, p_version));
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception 'what appends wrote is seen only under READ COMMITTED, not %', upper(current_setting('transaction_isolation')) using errcode = 'TM001';
  end if;
  perform pg_advisory_xact_lock(:"schema".lock_number(:regclass(projections)::oid::bigint), c_number);
exception
  when lock_not_available then
    raise exception 'the inline projection % (version %) is being written by %: until that has ended, nothing else may begin to', p_name, p_version,
        coalesce(:"schema".gate_holders(c_number), 'a transaction that has ended meanwhile')
      using errcode = '55P03';
end
$tidemark$;
