-- The lean way for a batch of appends to one stream each, every one to a stream of its own: the same order and verdicts as
-- append_many, without a loop. Every expression of PL/pgSQL costs a microsecond in each transaction, and a batch of ten
-- through append_many spends most of its time on them.
--
-- Streams and expectations are in the order of (tenant, name), events in the order of their streams; parameters as in
-- append_many. Ids are never looked up.
--
--   p_part, p_place  stream of each event and its place in the append; null where every append has one event
--
--   p_condition      stream of each item of a condition
--   p_schema_versions  of each event, the version of its shape; null: all are 1
--
--   verdicts   of each stream, see codes.ts; null where all are written
--   heads      where the streams were before; null where all are new
--   positions  of the events written, in order
--   written_at their recorded_at
--   detail     of each failed condition, by stream, see failed_conditions
create function :"schema".append_singles(
  p_tenant text, p_tenants text, p_names text, p_kinds integer[], p_expected bigint[],
  p_part integer[], p_place integer[], p_ids uuid[], p_types text, p_data text, p_metadata text, p_tags text,
  p_recorded_at timestamptz, p_durability text, p_epoch bigint default 0,
  p_condition integer[] default null, p_condition_types text default null, p_condition_tags text default null,
  p_after bigint[] default null, p_above integer[] default null,
  p_schema_versions smallint[] default null,
  out verdicts integer[], out heads bigint[], out positions bigint[], out detail jsonb, out written_at timestamptz
)
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '30ms'
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
  v_streams bigint[];
  v_all_new boolean;
  v_hashes bytea[];       -- of each stream: the hash of its last event
  v_recorded_at timestamptz(3);
  v_floor bigint;
  v_refused integer[];
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception 'an append needs READ COMMITTED, not %', upper(current_setting('transaction_isolation')) using errcode = 'TM001';
  end if;
  if p_durability is not null then
    perform set_config('synchronous_commit', p_durability, true);
  end if;

  select p_streams, p_all_new
    into v_streams, v_all_new
    from :"schema".lock_streams(v_tenants, v_names, p_kinds, false);
  perform pg_advisory_xact_lock_shared(:"schema".lock_number(:regclass(projections)::oid::bigint), 0);
  v_refused := :"schema".take_claims(
    case
      when p_tenants is null then array[hashtext(p_tenant)]
      else (select array_agg(hashtext(tenant) order by n) from unnest(v_tenants) with ordinality as each (tenant, n))
    end,
    null, p_part, p_types, p_tags, p_condition, p_condition_types, p_condition_tags, false);

  -- Nothing can extend these streams now, and a new statement sees all that did.
  v_recorded_at := coalesce(p_recorded_at, clock_timestamp());
  if not v_all_new then
    select array_agg(version order by slot), array_agg(hash order by slot),
           array_agg(case when :"schema".expectation_met(expected, version, position) then :verdict(written) else :verdict(conflict) end order by slot)
      into heads, v_hashes, verdicts
      from (
        select coalesce(head.version, 0) as version, coalesce(head.position, 0) as position, head.hash, wanted.expected, wanted.slot
          from unnest(v_streams, p_expected) with ordinality as wanted (stream_id, expected, slot)
          left join lateral (
            select e.version, e.position, e.hash
              from :"schema".events as e
             where e.stream_id = wanted.stream_id
             order by e.version desc
             limit 1
          ) as head on true
      ) as found;
  end if;
  if p_condition is not null then
    detail := :"schema".failed_conditions(
      p_tenant, case when p_tenants is not null then v_tenants end, p_condition, p_condition_types, p_condition_tags, p_after, p_above);
  end if;
  if v_refused is not null or detail is not null then
    select array_agg(case
             when n = any (v_refused) then :verdict(blocked)
             when verdicts[n] = :verdict(conflict) then :verdict(conflict)
             when detail ? n::text then :verdict(condition_failed)
             else :verdict(written)
           end order by n)
      into verdicts
      from generate_series(1, cardinality(v_names)) as n;
  end if;
  if :verdict(written) <> all (verdicts) then
    positions := '{}';
    return;
  end if;

  v_floor := :"schema".hold_floor(p_epoch);
  if v_floor is null then
    verdicts := array_fill(:verdict(outdated), array[cardinality(v_names)]);
    positions := '{}';
    return;
  end if;
  with written as (
    insert into :"schema".events (position, stream_id, version, id, recorded_at, schema_version, tenant, type, data, metadata, tags, hash)
    select position, stream_id, version, id, v_recorded_at, schema_version, tenant, type, data, metadata, tags,
           -- Where every append has one event. Of others the second one's hash stands on that of the first, and the trigger sees it.
           case when p_part is null and (select true from :"schema".event_chain)
             then :"schema".hash_event(
               coalesce(before, sha256(convert_to(name, 'UTF8'))), id, position, version, v_recorded_at, schema_version, tenant, type, data, metadata, tags)
           end
      from (
        select nextval(:regclass(events_position_seq)) as position, v_streams[slot] as stream_id, coalesce(heads[slot], 0) + place as version, id,
               coalesce(schema_version, 1::smallint) as schema_version, case when p_tenants is null then p_tenant else v_tenants[slot] end as tenant,
               type, data::jsonb as data, nullif(metadata, '')::jsonb as metadata, string_to_array(nullif(tags, ''), chr(31)) as tags, before, name
          from (
            select coalesce(part, n) as slot, coalesce(place, 1) as place, id, type, data, metadata, tags, schema_version, before, name, n
              from unnest(
                p_part, p_place, p_ids, string_to_array(p_types, chr(30)), string_to_array(p_data, chr(30)),
                string_to_array(p_metadata, chr(30)), string_to_array(p_tags, chr(30)), p_schema_versions, v_hashes, v_names
              ) with ordinality as event (part, place, id, type, data, metadata, tags, schema_version, before, name, n)
          ) as placed
         where id is not null and (verdicts is null or verdicts[slot] = :verdict(written))
         order by n
      ) as numbered
    returning position, tenant, tags
  ), tagged as (
    insert into :"schema".event_tags (tenant, tag, position)
    select tenant, unnest(tags), position from written where tags is not null
  )
  select array_agg(position order by position), v_recorded_at into positions, written_at from written;
end
$tidemark$;
