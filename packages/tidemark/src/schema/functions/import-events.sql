-- Writes a batch of an import: events with their own times, in the order given, which is that of the file. All or nothing;
-- an id that is in the log already fails it (23505, events_tenant_id_key), see imported_events.
--
-- The order of every append: stream rows (by name) → gate → claims → new statement → floor → positions → insert.
--
--   p_tenants      tenant of each slot, joined by U+001E; null where all are p_tenant
--   p_names        stream of each slot, joined by U+001E, in the order of (tenant, name), each once
--   p_heads        of each slot: the version that this import left it at, null where it does not know. A stream that another
--                  session extended since fails the batch (23505, events_stream_id_version_key)
--   p_slot         slot of each event; p_place its place among those of its slot (1, 2, 3 …)
--   p_event_tenants  tenant of each event, joined by U+001E; null where all are p_tenant
--   p_types, p_data, p_metadata, p_tags   as in append_many
--   p_recorded_at  milliseconds since 1970; null, or a null in it: now
--   p_schema_versions   null: all are 1
--   p_positions    keep these, which rise; null: draw new ones
--   p_after        with p_positions: where the log must end, so that nothing of anybody else's is among them
--   p_count        with p_positions: how many events the log must hold; null: not counted
--   p_epoch        the projections' epoch that the caller knows; where it is another one nothing is written, and both results
--                  are null
--
--   heads  of each slot: the version before; null where all streams are new
--   last   position of the last event
--
-- With p_positions the gate is taken exclusively: no append is in flight, conditional ones neither, so that no reader can have passed the positions
-- that are written, and an append that came between two batches is noticed by p_after (TM006).
--
-- lock_timeout ends a wait before the server's deadlock_timeout would end one of the two waiting: the import is the one that
-- can be sent again.
create function :"schema".import_events(
  p_tenant text, p_tenants text, p_names text, p_heads bigint[], p_slot integer[], p_place integer[], p_event_tenants text,
  p_ids uuid[], p_types text, p_data text, p_metadata text, p_tags text,
  p_recorded_at bigint[], p_schema_versions smallint[],
  p_positions bigint[], p_after bigint, p_count bigint, p_epoch bigint default 0,
  out heads bigint[], out last bigint
)
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '500ms'
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
  c_gate constant integer := :"schema".lock_number(:regclass(projections)::oid::bigint);
  v_streams bigint[];
  v_all_new boolean;
  v_end bigint;
  v_events bigint;
  v_now timestamptz;
  v_positions bigint[];   -- of each event
  v_floor bigint;
  v_claimed boolean;
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception 'an append needs READ COMMITTED, not %', upper(current_setting('transaction_isolation')) using errcode = 'TM001';
  end if;

  select p_streams, p_all_new
    into v_streams, v_all_new
    from :"schema".lock_streams(v_tenants, v_names, array_fill(1, array[cardinality(v_names)]), false);
  if p_positions is null then
    perform pg_advisory_xact_lock_shared(c_gate, 0);
    v_claimed := :"schema".take_claims(
      case
        when p_event_tenants is null then array[hashtext(p_tenant)]
        else (select array_agg(hashtext(tenant) order by n) from unnest(string_to_array(p_event_tenants, chr(30))) with ordinality as each (tenant, n))
      end,
      null, null, p_types, p_tags, null, null, null, true) is null;
  else
    perform pg_advisory_xact_lock(c_gate, 0);
    select coalesce(max(position), 0) into v_end from :"schema".events;
    if p_count is not null then
      select count(*) into v_events from :"schema".events;
    end if;
    if v_end <> p_after or v_events <> p_count then
      raise exception 'the log ends at position % with % events', v_end, coalesce(v_events::text, 'other')
        using errcode = 'TM006',
          hint = 'Positions can be kept only where the store holds nothing but the beginning of this import, and nobody else writes to it.';
    end if;
  end if;

  v_now := clock_timestamp();
  if not v_all_new then
    select array_agg(coalesce(known, head.version, 0) order by slot)
      into heads
      -- What the caller knows is checked by the index on versions, which sees only its own leaf of a log in partitions.
      from unnest(v_streams, case when pg_partition_root(:regclass(events)) is null then p_heads end) with ordinality as wanted (stream_id, known, slot)
      left join lateral (
        select version from :"schema".events as e where known is null and e.stream_id = wanted.stream_id order by version desc limit 1
      ) as head on true;
  end if;

  v_floor := :"schema".hold_floor(p_epoch);
  if v_floor is null then
    return;
  end if;
  if p_positions is null then
    v_positions := array(select nextval(:regclass(events_position_seq)) from generate_series(1, cardinality(p_ids)));
  else
    v_positions := p_positions;
    perform setval(:regclass(events_position_seq), greatest(v_positions[cardinality(v_positions)], pg_sequence_last_value(:regclass(events_position_seq))));
  end if;
  last := v_positions[cardinality(v_positions)];

  -- Nothing is returned: to pass all rows on, and to sort them, took a sixth of the time.
  insert into :"schema".events (position, stream_id, version, id, recorded_at, schema_version, tenant, type, data, metadata, tags)
  select position, v_streams[slot], coalesce(heads[slot], 0) + place, id,
         coalesce(to_timestamp(recorded_at::float8 / 1000), v_now), coalesce(schema_version, 1), coalesce(tenant, p_tenant),
         type, data::jsonb, nullif(metadata, '')::jsonb, string_to_array(nullif(tags, ''), chr(31))
    from unnest(
      v_positions, p_slot, p_place, string_to_array(p_event_tenants, chr(30)), p_ids, string_to_array(p_types, chr(30)), string_to_array(p_data, chr(30)),
      string_to_array(p_metadata, chr(30)), string_to_array(p_tags, chr(30)), p_recorded_at, p_schema_versions
    ) as event (position, slot, place, tenant, id, type, data, metadata, tags, recorded_at, schema_version);
  if p_tags is not null then
    insert into :"schema".event_tags (tenant, tag, position)
    select coalesce(tenant, p_tenant), unnest(string_to_array(tags, chr(31))), position
      from unnest(v_positions, string_to_array(p_event_tenants, chr(30)), string_to_array(p_tags, chr(30))) as event (position, tenant, tags)
     where tags <> '';
  end if;
  if pg_partition_root(:regclass(events)) is not null then
    perform :"schema".keep_event_ids(v_positions);
  end if;
end
$tidemark$;
