-- Changes a projection's state, which decides who writes it. Returns the state before; null if there is no such projection.
--
--   p_from  only where it is in this state; null: whatever it is
--
-- Appends write a live projection, so those that write it are stopped first, and no others. They have then written it up to exactly
-- the end of the log, where its follower starts: other appends in flight hold no event for it. The epoch rises, and appends read
-- the registry again.
-- A follower that stopped at an event tries that event again.
--
-- Rows are locked first, however long that takes: while this holds the writers' lock, it must not wait for anything else. The order of
-- rows is that of reset_consumer() and take_shard(): consumers → leases → shards, and the epoch last.
create function :"schema".change_projection(p_name text, p_version integer, p_state text, p_from text) returns text
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '5s'
as $tidemark$
declare
  v_follower text;        -- of an inline projection: what it has for all tenants
  v_mode text;
  v_state text;
begin
  select p.mode, p.state into v_mode, v_state
    from :"schema".projections as p where p.name = p_name and p.version = p_version for no key update;
  if not found then
    return null;
  end if;
  if v_state <> coalesce(p_from, v_state) then
    return v_state;
  end if;

  if v_state <> p_state then
    if v_state = 'live' then
      select c.name into v_follower
        from :"schema".consumers as c
       where c.tenant = '' and c.kind = 'projection' and c.owner_name = p_name and c.owner_version = p_version
         for no key update;
      perform
         from :"schema".consumer_leases as l
         join :"schema".consumer_shards as s on s.id = l.id
        where s.tenant = '' and s.consumer = v_follower
        order by l.id
          for update of l;
      perform from :"schema".consumer_shards as s where s.tenant = '' and s.consumer = v_follower for no key update;
      -- An append of a REPEATABLE READ transaction holds this row FOR SHARE until that ends (enter_gate).
      perform from :"schema".projection_epoch as e where e.only_row for no key update;
      perform :"schema".stop_projection_writers(p_name, p_version);
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
     where c.kind = 'projection' and c.owner_name = p_name and c.owner_version = p_version;
    if v_mode = 'inline' then
      perform :"schema".raise_epoch();
    end if;
  end if;
  if p_state in ('behind', 'following') then
    perform :"schema".resume_consumer(c.tenant, c.name)
       from :"schema".consumers as c
      where c.kind = 'projection' and c.owner_name = p_name and c.owner_version = p_version;
  end if;
  return v_state;
end
$tidemark$;
