-- Cancels timers: all of some owners, and single ones by owner and key. Waits for those that are being fired, and then finds them gone. Returns how many
-- there were. One by one and by the primary key, in one order for all transactions: sessions keep a plan that was made when there were few timers, and as a
-- join it would compare each of those that are cancelled with all that are pending.
--
--   p_whole          owners all of whose timers go
--   p_owners, p_keys single ones; the keys joined by U+001E
create function :"schema".cancel_timers(p_tenant text, p_whole bigint[], p_owners bigint[], p_keys text) returns bigint
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_bitmapscan = off
  set plan_cache_mode = force_generic_plan
as $tidemark$
declare
  v_owner bigint;
  v_key text;
  v_count bigint := 0;
  v_cancelled bigint := 0;
begin
  for v_owner, v_key in
    select w.owner, null::text from unnest(p_whole) as w (owner)
    union all
    select s.owner, s.key from unnest(p_owners, string_to_array(p_keys, chr(30))) as s (owner, key) where s.owner <> all (p_whole)
     order by 1, 2
  loop
    if v_key is null then
      delete from :"schema".timers as t where t.tenant = p_tenant and t.owner = v_owner;
    else
      delete from :"schema".timers as t where t.tenant = p_tenant and t.owner = v_owner and t.key = v_key;
    end if;
    get diagnostics v_count = row_count;
    v_cancelled := v_cancelled + v_count;
  end loop;
  return v_cancelled;
end
$tidemark$;
