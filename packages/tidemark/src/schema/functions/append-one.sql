-- The lean way for one event to one stream: the same order and verdicts as append_many, in plain variables. A batch of one
-- through append_many takes half as long again.
--
-- It never looks ids up: an append whose ids the caller chose, or that is sent again, goes through append_batch.
--
--   p_condition_types, p_condition_tags, p_after, p_above
--              of each item of a condition, see failed_conditions; p_after is null where there is none
--   p_schema_version   the version of the event's shape
--
-- Returns, joined by U+001E: verdict, version, position, recorded_at in milliseconds since 1970, and what failed_conditions says of
-- a failed condition. One text, for PostgreSQL works out the columns of a function with several results twice a call. And few
-- expressions, for PL/pgSQL sets each up anew in each transaction.
create function :"schema".append_one(
  p_tenant text, p_name text, p_expected bigint,
  p_id uuid, p_type text, p_data jsonb, p_metadata jsonb, p_tags text,
  p_recorded_at timestamptz, p_durability text, p_epoch bigint default 0,
  p_condition_types text default null, p_condition_tags text default null, p_after bigint[] default null, p_above integer[] default null,
  p_schema_version smallint default 1
) returns text
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
  v_stream bigint;
  v_head bigint;
  v_last bigint;
  v_floor bigint;
  v_claimed boolean;
  v_tag text;
  v_failed jsonb;
  v_position bigint;
  v_written text;
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception 'an append needs READ COMMITTED, not %', upper(current_setting('transaction_isolation')) using errcode = 'TM001';
  end if;
  if p_durability is not null then
    perform set_config('synchronous_commit', p_durability, true);
  end if;

  if p_expected <> 0 then
    select id into v_stream from :"schema".streams where tenant = p_tenant and name = p_name for no key update;
  end if;
  if v_stream is null and (p_expected in (0, :expected(any)) or p_expected <= :expected(unchanged_since)) then
    insert into :"schema".streams (tenant, name) values (p_tenant, p_name)
    on conflict on constraint streams_tenant_name_key do nothing
    returning id, 0 into v_stream, v_head;
    if v_stream is null then
      select id into v_stream from :"schema".streams where tenant = p_tenant and name = p_name for no key update;
    end if;
  end if;

  -- The gate, then what take_claims does, where nothing is demanded.
  v_claimed := case
    when pg_advisory_xact_lock_shared(:"schema".lock_number(:regclass(projections)::oid::bigint), 0) is null then false
    when p_after is null then
      pg_try_advisory_xact_lock_shared(:"schema".lock_number(:regclass(streams)::oid::bigint), hashtext(p_tenant))
      and pg_try_advisory_xact_lock_shared(
        :"schema".lock_number(:regclass(events)::oid::bigint), :"schema".claim_number(p_type, hashtext(p_tenant)))
    else :"schema".take_claims(
      array[hashtext(p_tenant)], null, null, p_type, p_tags,
      array_fill(1, array[cardinality(p_after)]), p_condition_types, p_condition_tags, false) is null
  end;
  if p_tags is not null and p_after is null then
    foreach v_tag in array string_to_array(p_tags, chr(31)) loop
      v_claimed := v_claimed and pg_try_advisory_xact_lock_shared(
        :"schema".lock_number(:regclass(event_tags)::oid::bigint), :"schema".claim_number(v_tag, hashtext(p_tenant)));
    end loop;
  end if;
  if not v_claimed then
    return concat_ws(chr(30), :verdict(blocked), 0, 0);
  end if;

  -- Unless it was created here: where the stream is, in a new statement, since nothing can extend it now.
  if v_head is null then
    select e.version, e.position into v_head, v_last
      from :"schema".events as e where e.stream_id = v_stream order by e.version desc limit 1;
    v_head := coalesce(v_head, 0);
    v_last := coalesce(v_last, 0);
    if not :"schema".expectation_met(p_expected, v_head, v_last) then
      return concat_ws(chr(30), :verdict(conflict), v_head, v_last);
    end if;
  end if;

  if p_after is not null then
    v_failed := :"schema".failed_conditions(
      p_tenant, null, array_fill(1, array[cardinality(p_after)]), p_condition_types, p_condition_tags, p_after, p_above);
    if v_failed is not null then
      return concat_ws(chr(30), :verdict(condition_failed), v_head, coalesce(v_last, 0), '', v_failed -> '1');
    end if;
  end if;

  v_floor := :"schema".hold_floor(p_epoch);
  if v_floor is null then
    return concat_ws(chr(30), :verdict(outdated), 0, 0);
  end if;
  insert into :"schema".events (position, stream_id, version, id, recorded_at, schema_version, tenant, type, data, metadata, tags)
  values (
    nextval(:regclass(events_position_seq)), v_stream, v_head + 1, p_id, coalesce(p_recorded_at, clock_timestamp()),
    p_schema_version, p_tenant, p_type, p_data, p_metadata, string_to_array(p_tags, chr(31)))
  returning
    position,
    ':verdict(written)' || chr(30) || version || chr(30) || position || chr(30) || (date_part('epoch', recorded_at) * 1000::float8)::bigint
    into v_position, v_written;
  if p_tags is not null then
    insert into :"schema".event_tags (tenant, tag, position)
    select p_tenant, tag, v_position from unnest(string_to_array(p_tags, chr(31))) as tag;
  end if;
  return v_written;
end
$tidemark$;
