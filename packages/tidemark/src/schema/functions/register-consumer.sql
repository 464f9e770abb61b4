-- Registers a consumer, unless it is registered: with its shards, all at the same position.
--
--   p_after       the position it begins after; null: the high-water mark
--   p_definition  filter and tenants; a change is reported
--   p_kind, p_owner, p_owner_version, p_source   see the table; kept from the first time on
-- before: the definition as it was; null where the consumer is new.
create function :"schema".register_consumer(
  p_tenant text, p_name text, p_shards integer, p_after bigint, p_definition jsonb,
  p_kind text default 'consumer', p_owner text default null, p_owner_version integer default null, p_source text default 'events',
  out before jsonb, out shards integer
)
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_position bigint := p_after;
  v_event uuid;
begin
  select c.definition, coalesce(c.next_shards, c.shards) into before, shards
    from :"schema".consumers as c where c.tenant = p_tenant and c.name = p_name;
  if before is null then
    if p_after is null then
      select l.mark, l.id into v_position, v_event from :"schema".end_of_log(p_source) as l;
    else
      v_event := :"schema".entry_of_log(p_source, p_after);
    end if;
    insert into :"schema".consumers (tenant, name, kind, owner_name, owner_version, source, shards, definition, started_after)
      values (p_tenant, p_name, p_kind, p_owner, p_owner_version, p_source, p_shards, p_definition, v_position)
      on conflict do nothing;
    if found then
      perform :"schema".create_shards(p_tenant, p_name, p_shards, v_position, v_event, 0);
      shards := p_shards;
      return;
    end if;
    -- Another worker did so meanwhile.
    select c.definition, coalesce(c.next_shards, c.shards) into before, shards
      from :"schema".consumers as c where c.tenant = p_tenant and c.name = p_name;
  end if;
  if before is distinct from p_definition then
    update :"schema".consumers as c set definition = p_definition where c.tenant = p_tenant and c.name = p_name;
  end if;
end
$tidemark$;
