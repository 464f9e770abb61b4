-- Moves a consumer to another position: its shards start again there, their owners are fenced off, and dead letters after that
-- position are removed, since their events will be read again. A change of shards that was under way is abandoned.
create function :"schema".reset_consumer(p_tenant text, p_name text, p_after bigint) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_consumer record;
  v_position bigint := p_after;
  v_event uuid;
  v_fence bigint;
  v_letters :"schema".dead_letters[];
  v_letter :"schema".dead_letters;
begin
  select coalesce(c.next_shards, c.shards) as shards, c.source into v_consumer
    from :"schema".consumers as c where c.tenant = p_tenant and c.name = p_name for no key update;
  if not found then
    return false;
  end if;
  perform :"schema".evict_owners(p_tenant, p_name);
  if p_after is null then
    select l.mark, l.id into v_position, v_event from :"schema".end_of_log(v_consumer.source) as l;
  else
    v_event := :"schema".entry_of_log(v_consumer.source, p_after);
  end if;
  select max(s.fence) into v_fence from :"schema".consumer_shards as s where s.tenant = p_tenant and s.consumer = p_name;
  delete from :"schema".consumer_shards as s where s.tenant = p_tenant and s.consumer = p_name;
  perform :"schema".create_shards(p_tenant, p_name, v_consumer.shards, v_position, v_event, v_fence + 1);
  update :"schema".consumers as c
     set shards = v_consumer.shards, next_shards = null, barrier = null
   where c.tenant = p_tenant and c.name = p_name;
  -- In the order of discard_dead_letter(): else the two could wait for each other.
  with gone as materialized (
    select d.position
      from :"schema".dead_letters as d
     where d.tenant = p_tenant and d.consumer = p_name and d.position > v_position
     order by d.position
       for update
  ), removed as (
    delete from :"schema".dead_letters as d
     using gone
     where d.tenant = p_tenant and d.consumer = p_name and d.position = gone.position
    returning d.*
  )
  select pg_catalog.array_agg(removed order by position) into v_letters from removed;
  foreach v_letter in array coalesce(v_letters, '{}') loop
    perform :"schema".keep_resolved(v_letter, 'reset');
  end loop;
  return true;
end
$tidemark$;
