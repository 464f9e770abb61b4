-- Takes the gate exclusively, until the transaction ends: no append is in flight, and none begins. Statements
-- after this one see everything committed before. Waits at most 100 ms (55P03), since every append waits behind it.
create function :"schema".close_gate() returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '100ms'
as $tidemark$
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception 'what appends wrote is seen only under READ COMMITTED, not %', upper(current_setting('transaction_isolation')) using errcode = 'TM001';
  end if;
  perform pg_advisory_xact_lock(:"schema".lock_number(:regclass(projections)::oid::bigint), 0);
end
$tidemark$;
