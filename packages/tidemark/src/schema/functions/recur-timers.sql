-- Moves recurring timers that fired to their next due time, in milliseconds since 1970, or deletes those that have none: null. They hold no failures any
-- more. The caller has locked them. One by one, for the reason that cancel_timers names.
create function :"schema".recur_timers(p_tenant text, p_owners bigint[], p_keys text, p_due bigint[]) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_bitmapscan = off
  set plan_cache_mode = force_generic_plan
as $tidemark$
declare
  v_owner bigint;
  v_key text;
  v_due bigint;
begin
  for v_owner, v_key, v_due in select m.owner, m.key, m.due from unnest(p_owners, string_to_array(p_keys, chr(30)), p_due) as m (owner, key, due) loop
    if v_due is null then
      delete from :"schema".timers as t where t.tenant = p_tenant and t.owner = v_owner and t.key = v_key;
    else
      update :"schema".timers as t
         set due_at = timestamptz 'epoch' + v_due * interval '1 millisecond', attempts = 0, next_try_at = null, error_code = null, error_message = null
       where t.tenant = p_tenant and t.owner = v_owner and t.key = v_key;
    end if;
  end loop;
end
$tidemark$;
