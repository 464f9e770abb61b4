-- Appends a batch: independent appends share this transaction, each with its own verdict.
--
-- Order, the same in every append: stream rows (by name) → gate, shared → claims (sorted) → new statement → ids →
-- expectations → conditions → floor → positions → insert. After the floor nothing waits for another transaction, the unique
-- index on ids excepted.
--
-- A slot is one stream of the batch, given once, in the order of (tenant, name). A part is what one append does to one
-- slot; the parts of an append stand together, and events stand in the order of their parts.
--
--   p_tenants      tenant of each slot, joined by U+001E; null where all are p_tenant
--   p_names        stream of each slot, joined by U+001E
--   p_kinds        of each slot, see lock_streams
--   p_append       append of each part, rising from 1
--   p_slot         slot of each part
--   p_expected     see expectation_met
--   p_counts       events of each part
--   p_part         part of each event; p_place its place in the part (1, 2, 3 …)
--   p_ids          id of each event
--   p_types, p_data, p_metadata, p_tags
--                  joined by U+001E, which neither JSON text nor a legal type or tag holds; '' is none; the tags of one
--                  event are joined by U+001F. p_metadata and p_tags are null where no event has any
--   p_check_ids    look the ids up first: the caller chose them, or this is sent again
--   p_skip_locked  do not wait for a locked stream
--   p_joined       inside a transaction of the caller's, whatever its isolation level, unless there is a condition
--   p_epoch        the projections' epoch that the caller knows
--   p_condition, p_condition_types, p_condition_tags, p_after, p_above
--                  of each item of a condition: its append, rising, and what failed_conditions says; null: none. No two appends
--                  of a batch may meet on a claim: a condition does not see what is written beside it
--   p_wait         wait for claims
--   p_schema_versions
--                  of each event, the version of its shape; null: all are 1
--
-- Verdict of each part: a `verdict` of codes.ts, which has what the other numbers mean too.
-- detail: of the first duplicate of each append, its id and what differs; of a failed condition, see failed_conditions.
--
-- written: the positions of the events written, in their order; written_at: their recorded_at.
--
-- The settings keep the plans, also those of the functions called here: one made on an empty store would scan the log for
-- ever after (76 appends/s). None is compiled: where the server has JIT, a look at a condition took a second in a log of a million
-- events, for what the planner expects of it.
create function :"schema".append_many(
  p_tenant text, p_tenants text, p_names text, p_kinds integer[],
  p_append integer[], p_slot integer[], p_expected bigint[], p_counts integer[],
  p_part integer[], p_place integer[], p_ids uuid[], p_types text, p_data text, p_metadata text, p_tags text,
  p_check_ids boolean, p_recorded_at timestamptz, p_durability text, p_skip_locked boolean, p_joined boolean, p_epoch bigint default 0,
  p_condition integer[] default null, p_condition_types text default null, p_condition_tags text default null,
  p_after bigint[] default null, p_above integer[] default null, p_wait boolean default false,
  p_schema_versions smallint[] default null,
  out verdicts integer[], out versions bigint[], out positions bigint[], out detail jsonb,
  out written bigint[], out written_at timestamptz
)
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
  c_parts constant integer := cardinality(p_append);
  v_names constant text[] := string_to_array(p_names, chr(30));
  v_tenants constant text[] := coalesce(string_to_array(p_tenants, chr(30)), array_fill(p_tenant, array[cardinality(v_names)]));
  v_streams bigint[];     -- by slot: its id, or a `stream` of codes.ts
  v_all_new boolean;
  v_heads bigint[];       -- by slot: the version the stream is at, rising as the batch goes on
  v_last bigint[];        -- by slot: the position of its last event; of one written here: minus its place in `written`
  v_before bigint[];      -- by slot: the same, before this batch
  v_starts bigint[];      -- by slot: the version before this batch
  v_hashes bytea[];       -- by slot: the hash of the event of that version
  v_bases bigint[];       -- by part: the version its events follow, -1 where it writes none
  v_count integer := 0;   -- events written
  v_recorded_at timestamptz(3);
  v_from integer := 1;    -- the parts of one append: v_from .. v_to
  v_to integer;
  v_slot integer;
  v_position bigint;
  v_floor bigint;
  v_verdict integer;      -- of the append: its worst part's
  v_refused integer[];    -- appends that another transaction keeps from their claims
  v_blocked boolean[];    -- by slot: an append to it is blocked, and none may overtake that; null where none is
  v_failed jsonb;         -- by append: why its condition failed
begin
  if (not p_joined or p_condition is not null) and current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception 'an append needs READ COMMITTED, not %', upper(current_setting('transaction_isolation')) using errcode = 'TM001';
  end if;
  if p_durability is not null then
    perform set_config('synchronous_commit', p_durability, true);
  end if;

  select p_streams, p_all_new
    into v_streams, v_all_new
    from :"schema".lock_streams(v_tenants, v_names, p_kinds, p_skip_locked);
  if not p_joined then
    perform pg_advisory_xact_lock_shared(:"schema".lock_number(:regclass(projections)::oid::bigint), 0);
  elsif not :"schema".enter_gate(p_epoch) then
    verdicts := array_fill(:verdict(outdated), array[c_parts]);
    return;
  end if;
  v_refused := :"schema".take_claims(
    case
      when p_tenants is null then array[hashtext(p_tenant)]
      else (select array_agg(seed order by append) from (select distinct append, hashtext(v_tenants[slot]) as seed from unnest(p_append, p_slot) as part (append, slot)) as owner)
    end,
    p_append, p_part, p_types, p_tags, p_condition, p_condition_types, p_condition_tags, p_wait);
  if v_refused is not null then
    v_blocked := array_fill(false, array[cardinality(v_names)]);
  end if;

  -- Nothing can extend these streams now, and a new statement sees all that did. A time from before the wait could be
  -- earlier than that of the event in front.
  v_recorded_at := coalesce(p_recorded_at, clock_timestamp());
  if v_all_new then
    v_heads := array_fill(0::bigint, array[cardinality(v_streams)]);
    v_last := v_heads;
  else
    select array_agg(coalesce(head.version, 0) order by slot), array_agg(coalesce(head.position, 0) order by slot), array_agg(head.hash order by slot)
      into v_heads, v_last, v_hashes
      from unnest(v_streams) with ordinality as wanted (stream_id, slot)
      left join lateral (
        select version, position, hash
          from :"schema".events
         where stream_id = wanted.stream_id
         order by version desc
         limit 1
      ) as head on true;
  end if;

  v_before := v_last;
  v_starts := v_heads;

  verdicts := array_fill(:verdict(written), array[c_parts]);
  versions := array_fill(0::bigint, array[c_parts]);
  positions := versions;
  v_bases := array_fill(-1::bigint, array[c_parts]);

  -- Ids before expectations: a retry conflicts with nothing but its own first try.
  if p_check_ids then
    select repeated.verdicts, repeated.versions, repeated.positions, repeated.detail
      into verdicts, versions, positions, detail
      from :"schema".repeated_events(
        v_tenants, v_streams, p_append, p_slot, p_counts, p_part, p_place, p_ids,
        string_to_array(p_types, chr(30)), string_to_array(p_data, chr(30)), string_to_array(p_tags, chr(30))) as repeated;
  end if;
  if p_condition is not null then
    v_failed := :"schema".failed_conditions(
      p_tenant,
      case when p_tenants is not null then
        (select array_agg(tenant order by append) from (select distinct append, v_tenants[slot] as tenant from unnest(p_append, p_slot) as part (append, slot)) as owner)
      end,
      p_condition, p_condition_types, p_condition_tags, p_after, p_above);
  end if;

  while v_from <= c_parts loop
    v_to := v_from;
    while v_to < c_parts and p_append[v_to + 1] = p_append[v_from] loop
      v_to := v_to + 1;
    end loop;
    v_verdict := case when p_append[v_from] = any (v_refused) then :verdict(blocked) else :verdict(written) end;
    for i in v_from .. v_to loop
      v_slot := p_slot[i];
      if v_blocked[v_slot] then
        v_verdict := :verdict(blocked);
      end if;
      if v_streams[v_slot] = :stream(held) then
        v_verdict := :verdict(blocked);
        verdicts[i] := :verdict(blocked);
      elsif verdicts[i] = :verdict(written) or (p_counts[i] = 0 and verdicts[i] <> :verdict(repeated)) then
        versions[i] := v_heads[v_slot];
        positions[i] := v_last[v_slot];
      end if;
    end loop;
    if v_verdict = :verdict(blocked) then
      -- The caller sends this append again, whatever else is true of it.
      for i in v_from .. v_to loop
        verdicts[i] := :verdict(blocked);
        if v_blocked is not null then
          v_blocked[p_slot[i]] := true;
        end if;
      end loop;
    elsif verdicts[v_from] = :verdict(written) then
      for i in v_from .. v_to loop
        v_slot := p_slot[i];
        v_position := v_last[v_slot];
        if v_position < 0 then
          v_position := 9223372036854775807;
        end if;
        if not :"schema".expectation_met(p_expected[i], v_heads[v_slot], v_position) then
          verdicts[i] := :verdict(conflict);
          v_verdict := :verdict(conflict);
        end if;
      end loop;
      if v_verdict = :verdict(written) and v_failed ? p_append[v_from]::text then
        v_verdict := :verdict(condition_failed);
        verdicts[v_from] := :verdict(condition_failed);
        detail := coalesce(detail, '{}') || jsonb_build_object(p_append[v_from]::text, v_failed -> p_append[v_from]::text);
      end if;
      for i in v_from .. v_to loop
        if v_verdict <> :verdict(written) then
          verdicts[i] := case when verdicts[i] = :verdict(written) then :verdict(unwritten) else verdicts[i] end;
        elsif p_counts[i] > 0 then
          v_slot := p_slot[i];
          v_bases[i] := v_heads[v_slot];
          v_heads[v_slot] := v_heads[v_slot] + p_counts[i];
          v_count := v_count + p_counts[i];
          v_last[v_slot] := -v_count;
          versions[i] := v_heads[v_slot];
          positions[i] := v_last[v_slot];
        end if;
      end loop;
    end if;
    v_from := v_to + 1;
  end loop;

  -- What is written meets at its index what a snapshot does not show; what is only read has to be looked at.
  if p_joined and current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    for i in 1 .. c_parts loop
      if verdicts[i] = :verdict(written) and pg_partition_root(:regclass(events)) is not null then
        perform :"schema".refuse_unseen_events(
          v_streams[p_slot[i]], versions[i] - p_counts[i], v_before[p_slot[i]], v_tenants[p_slot[i]],
          (select array_agg(id) from unnest(p_part, p_ids) as event (part, id) where part = i and p_check_ids));
      elsif verdicts[i] = :verdict(written) and p_counts[i] = 0 and (p_expected[i] >= 0 or p_expected[i] <= :expected(unchanged_since)) then
        perform :"schema".refuse_stale_look(v_streams[p_slot[i]], versions[i]);
      end if;
    end loop;
  end if;

  if v_count > 0 then
    v_floor := :"schema".hold_floor(p_epoch);
    if v_floor is null then
      verdicts := array_fill(:verdict(outdated), array[c_parts]);
      return;
    end if;
    with stored as (
      insert into :"schema".events (position, stream_id, version, id, recorded_at, schema_version, tenant, type, data, metadata, tags, hash)
      select position, v_streams[slot], version, id, v_recorded_at, schema_version, tenant, type, data, metadata, tags,
             -- Of the first event of a stream in this batch. The others' stand on it, and the trigger sees it. An element of an array of texts takes
             -- as long as the array is.
             case when version = v_starts[slot] + 1 and cardinality(v_starts) <= 512 and (select true from :"schema".event_chain)
               then :"schema".hash_event(
                 coalesce(v_hashes[slot], sha256(convert_to(v_names[slot], 'UTF8'))), id, position, version, v_recorded_at, schema_version,
                 tenant, type, data, metadata, tags)
             end
        from (
          select nextval(:regclass(events_position_seq)) as position, slot, base + place as version, id, coalesce(schema_version, 1::smallint) as schema_version,
                 case when p_tenants is null then p_tenant else v_tenants[slot] end as tenant,
                 type, data::jsonb as data, nullif(metadata, '')::jsonb as metadata, string_to_array(nullif(tags, ''), chr(31)) as tags
            from (
              select p_slot[event.part] as slot, v_bases[event.part] as base, event.*
                from unnest(
                  p_part, p_place, p_ids, string_to_array(p_types, chr(30)), string_to_array(p_data, chr(30)),
                  string_to_array(p_metadata, chr(30)), string_to_array(p_tags, chr(30)), p_schema_versions
                ) with ordinality as event (part, place, id, type, data, metadata, tags, schema_version, n)
               where v_bases[event.part] >= 0
               order by n
            ) as accepted
        ) as numbered
      returning position, tenant, tags
    ), tagged as (
      insert into :"schema".event_tags (tenant, tag, position)
      select tenant, unnest(tags), position from stored where tags is not null
    )
    select array_agg(position order by position), v_recorded_at into written, written_at from stored;

    -- One index sees all ids while the log is one table.
    if (p_check_ids or p_joined) and pg_partition_root(:regclass(events)) is not null then
      perform :"schema".keep_event_ids(written);
    end if;

    for i in 1 .. c_parts loop
      if positions[i] < 0 then
        positions[i] := written[-positions[i]];
      end if;
    end loop;
  end if;
end
$tidemark$;
