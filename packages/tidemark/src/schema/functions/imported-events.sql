-- Which events of an import are in the log already, by their ids; takes no locks. An event never changes, so what is found
-- stays true; what is not found may be written by another session a moment later, and then events_tenant_id_key refuses
-- import_events.
--
--   parameters as in import_events; p_positions null: any position will do
--
-- Of each event an `imported` number of codes.ts. Metadata and times are not compared.
create function :"schema".imported_events(
  p_tenant text, p_tenants text, p_names text, p_slot integer[], p_event_tenants text,
  p_ids uuid[], p_types text, p_data text, p_tags text, p_positions bigint[]
) returns integer[]
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
  v_tenants constant text[] := coalesce(string_to_array(p_tenants, chr(30)), array_fill(p_tenant, array[cardinality(v_names)]));
  v_streams bigint[];     -- by slot: its id, or absent
begin
  select array_agg(coalesce(stream.id, :stream(absent)) order by slot)
    into v_streams
    from unnest(v_tenants, v_names) with ordinality as wanted (tenant, name, slot)
    left join lateral (
      select id from :"schema".streams as s where s.tenant = wanted.tenant and s.name = wanted.name
    ) as stream on true;

  return (
    select array_agg(case
             when event.id is null then :imported(absent)
             when event.stream_id <> v_streams[wanted.slot] then :imported(other_stream)
             when event.type <> wanted.type then :imported(other_type)
             when event.data <> wanted.data::jsonb then :imported(other_data)
             when coalesce(event.tags, '{}') <> coalesce(string_to_array(nullif(wanted.tags, ''), chr(31)), '{}') then :imported(other_tags)
             when event.position <> wanted.position then :imported(other_position)
             else :imported(present)
           end order by n)
      from unnest(
        p_slot, string_to_array(p_event_tenants, chr(30)), p_ids, string_to_array(p_types, chr(30)), string_to_array(p_data, chr(30)),
        string_to_array(p_tags, chr(30)), p_positions
      ) with ordinality as wanted (slot, tenant, id, type, data, tags, position, n)
      left join lateral (
        select e.id, e.stream_id, e.type, e.data, e.tags, e.position
          from :"schema".events as e
         where e.tenant = coalesce(wanted.tenant, p_tenant) and e.id = wanted.id
      ) as event on true
  );
end
$tidemark$;
