-- find_streams, and creates the streams that may be new. p_all_new: every one of them was created here.
--
--   p_kinds  of each stream a `slot` of codes.ts: present, it has to exist (an append to an absent one cannot pass); either; newcomer,
--            it is expected to be new
--
-- A stream that is only read and does not exist gets its row too, or another append could create it behind this one.
create function :"schema".lock_streams(
  p_tenants text[], p_names text[], p_kinds integer[], p_skip_locked boolean,
  out p_streams bigint[], out p_all_new boolean
)
  language plpgsql
as $tidemark$
declare
  v_absent integer[];
  v_created bigint[];
begin
  p_all_new := false;
  if :slot(newcomer) = all (p_kinds) then
    p_streams := array_fill(:stream(absent)::bigint, array[cardinality(p_kinds)]);
  else
    p_streams := :"schema".find_streams(p_tenants, p_names, p_skip_locked);
  end if;

  select array_agg(slot order by slot)
    into v_absent
    from unnest(p_streams, p_kinds) with ordinality as wanted (id, kind, slot)
   where id = :stream(absent) and kind <> :slot(present);
  if v_absent is null then
    return;
  end if;

  -- Waits where another transaction is creating the same stream; lock_timeout bounds it, SKIP LOCKED does not cover it.
  with created as (
    insert into :"schema".streams (tenant, name)
    select tenant, name
      from unnest(p_tenants, p_names, p_kinds, p_streams) with ordinality as wanted (tenant, name, kind, id, slot)
     where id = :stream(absent) and kind <> :slot(present)
     order by slot
    on conflict on constraint streams_tenant_name_key do nothing
    returning id
  )
  select array_agg(id order by id) into v_created from created;

  if cardinality(v_created) = cardinality(p_names) then
    p_streams := v_created;
    p_all_new := true;
  elsif cardinality(v_created) = cardinality(v_absent) then
    for i in 1 .. cardinality(v_absent) loop
      p_streams[v_absent[i]] := v_created[i];
    end loop;
  else
    -- Some were created by others since the look-up: a new statement sees them, and those of ours.
    p_streams := :"schema".find_streams(p_tenants, p_names, p_skip_locked);
  end if;
end
$tidemark$;
