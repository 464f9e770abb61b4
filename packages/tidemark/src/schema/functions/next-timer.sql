-- How long it is until the next timer is due, or tried again; null where there is none. Two probes of an index, however many there are, and never a sort of
-- all of them, for the reason that claim_timers names.
create function :"schema".next_timer(p_tenant text) returns interval
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_sort = off
  set enable_bitmapscan = off
  set plan_cache_mode = force_generic_plan
as $tidemark$
begin
  return least(
    (select t.due_at from :"schema".timers as t where t.tenant = p_tenant and t.next_try_at is null order by t.due_at, t.owner, t.key limit 1),
    (
      select t.next_try_at
        from :"schema".timers as t
       where t.tenant = p_tenant and t.next_try_at is not null and t.next_try_at < 'infinity'
       order by t.next_try_at, t.owner, t.key
       limit 1
    )
  ) - clock_timestamp();
end
$tidemark$;
