-- The first statement of an append that writes inline projections, before their documents are locked: the stream rows and the
-- gate, as in append_many, which finds them held. False where the projections' epoch is another one than p_epoch.
--
--   p_writes   what it writes, see enter_gate
--   p_lock_ms  how long a row is waited for until the transaction ends; null: as long as the session says
--   p_must     fail (TM007) instead of false: what was sent behind this in the same message is then left out
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
  v_names constant text[] := string_to_array(p_names, chr(30));
begin
  if p_lock_ms is not null then
    perform set_config('lock_timeout', p_lock_ms || 'ms', true);
  end if;
  perform
     from :"schema".lock_streams(
            coalesce(string_to_array(p_tenants, chr(30)), array_fill(p_tenant, array[cardinality(v_names)])), v_names, p_kinds, false);
  if :"schema".enter_gate(p_epoch, p_writes) then
    return true;
  elsif p_must then
    raise exception 'the projections'' epoch is not % any more', p_epoch using errcode = 'TM007';
  end if;
  return false;
end
$tidemark$;
