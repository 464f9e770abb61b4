-- Changes a projection's state, and with it who writes it. Returns the state before; null where there is no such projection.
--
--   p_from  only where it is in this state; null: whatever it is
--
-- Of an inline one the gate is closed first: no append is in flight, so that the end of the log is exactly what appends have
-- written of it, and the place where its follower begins. The epoch rises, and appends read the registry again.
-- What follows again begins anew at an event that it stopped at.
create function :"schema".change_projection(p_name text, p_version integer, p_state text, p_from text) returns text
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_follower constant text := 'projection ' || p_name || ' v' || p_version;
  v_mode text;
  v_state text;
begin
  select p.mode into v_mode from :"schema".projections as p where p.name = p_name and p.version = p_version;
  if not found then
    return null;
  end if;
  if v_mode = 'inline' then
    perform :"schema".close_gate();
  end if;
  select p.state into v_state from :"schema".projections as p where p.name = p_name and p.version = p_version for no key update;
  if v_state <> coalesce(p_from, v_state) then
    return v_state;
  end if;

  if v_state <> p_state then
    if v_state = 'live' then
      update :"schema".consumer_shards as s
         set position = coalesce(head.position, 0), event_id = head.id
        from (select) as nothing
        left join (select e.position, e.id from :"schema".events as e order by e.position desc limit 1) as head on true
       where s.tenant = '' and s.consumer = v_follower;
    end if;
    update :"schema".projections as p
       set state = p_state, changed_at = clock_timestamp()
     where p.name = p_name and p.version = p_version;
    update :"schema".consumers as c
       set paused = p_state not in ('behind', 'following')
     where c.name = v_follower;
    if v_mode = 'inline' then
      update :"schema".projection_epoch set epoch = epoch + 1 where only_row;
    end if;
  end if;
  if p_state in ('behind', 'following') then
    perform :"schema".resume_consumer(c.tenant, c.name) from :"schema".consumers as c where c.name = v_follower;
  end if;
  return v_state;
end
$tidemark$;
