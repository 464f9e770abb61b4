-- The first statement of an append that writes inline projections, before their documents are locked: the stream rows and the
-- gate, as in append_many, which finds them held. False where the projections' epoch is another one than p_epoch.
--
--   p_writes   what it writes, see enter_gate
--   p_lock_ms  how long a row is waited for until the transaction ends; null: as long as the session says
--   p_must     fail (TM007) instead of false, in a transaction of the library's, which is READ COMMITTED: what was sent behind this in
--              the same message is then left out
create function :"schema".enter_append(p_tenant text, p_tenants text, p_names text, p_kinds integer[], p_epoch bigint, p_writes text, p_lock_ms integer, p_must boolean) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set jit = off
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set enable_bitmapscan = off
  set plan_cache_mode = force_generic_plan
as $tidemark$
declare
  v_names text[];
  v_stream bigint;
  v_epoch bigint;
  v_done boolean;
begin
  -- Expressions as far as can be, here and below: a PERFORM is a statement whose plan is started anew.
  if p_lock_ms is not null then
    v_done := set_config('lock_timeout', p_lock_ms || 'ms', true) is not null;
  end if;

  -- One stream that exists, which most are, cheaply.
  if p_tenants is null and strpos(p_names, chr(30)) = 0 and p_kinds[1] < 2 then
    select id into v_stream from :"schema".streams where tenant = p_tenant and name = p_names for no key update;
  end if;
  if v_stream is null then
    v_names := string_to_array(p_names, chr(30));
    perform
       from :"schema".lock_streams(
              coalesce(string_to_array(p_tenants, chr(30)), array_fill(p_tenant, array[cardinality(v_names)])), v_names, p_kinds, false);
  end if;

  if not p_must then
    return :"schema".enter_gate(p_epoch, p_writes);
  end if;
  -- As enter_gate, which has a subtransaction to give all of it back. Here the transaction ends with the failure.
  if strpos(p_writes, chr(30)) = 0 then
    v_done := pg_advisory_xact_lock_shared(:"schema".lock_number(:regclass(projections)::oid::bigint), :"schema".projection_number(p_writes)) is not null;
  else
    perform pg_advisory_xact_lock_shared(:"schema".lock_number(:regclass(projections)::oid::bigint), :"schema".projection_number(follower))
       from unnest(string_to_array(p_writes, chr(30))) as follower;
  end if;
  v_done := pg_advisory_xact_lock_shared(:"schema".lock_number(:regclass(projections)::oid::bigint), 0) is not null;
  select e.epoch into v_epoch from :"schema".projection_epoch as e where e.only_row;
  if v_epoch is distinct from p_epoch then
    raise exception 'the projections'' epoch is not % any more', p_epoch using errcode = 'TM007';
  end if;
  return true;
end
$tidemark$;
