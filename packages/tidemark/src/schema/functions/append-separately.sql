-- append_many for a batch that was refused whole (55P03, 40P01, 23505, or what a trigger or CHECK of the user's raised):
-- each append in a subtransaction of its own, so that only the culprits fail. At most 64 appends a call: more
-- subtransactions overflow the cache that every snapshot in the server reads.
--
-- Parameters and verdicts of append_batch; the parts of an append stand in the order of (tenant, name). Locked streams are
-- skipped, not waited for, and an insert that waits for another transaction is cut off after 10 ms. Both are verdict 4, and
-- so are a serialization failure and an id that another transaction committed just now: the next try will tell. An append
-- that shares a stream with an earlier one of verdict 4 has verdict 4 too, for it would overtake that one.
-- Ids are always looked up: a unique violation may be a first try that got through.
-- It does not return `written`: each append has its own.
-- Verdict 6: PostgreSQL refused this append; detail holds [SQLSTATE, message, constraint, table].
create function :"schema".append_separately(
  p_tenant text, p_tenants text, p_names text, p_kinds integer[],
  p_append integer[], p_slot integer[], p_expected bigint[], p_counts integer[],
  p_part integer[], p_place integer[], p_ids uuid[], p_types text, p_data text, p_metadata text, p_tags text,
  p_check_ids boolean, p_recorded_at timestamptz, p_durability text, p_epoch bigint default 0,
  p_condition integer[] default null, p_condition_types text default null, p_condition_tags text default null,
  p_after bigint[] default null, p_above integer[] default null,
  p_schema_versions smallint[] default null,
  out verdicts integer[], out versions bigint[], out positions bigint[], out detail jsonb
)
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '10ms'
as $tidemark$
declare
  c_parts constant integer := cardinality(p_append);
  v_names constant text[] := string_to_array(p_names, chr(30));
  v_tenants constant text[] := coalesce(string_to_array(p_tenants, chr(30)), array_fill(p_tenant, array[cardinality(v_names)]));
  v_types constant text[] := string_to_array(p_types, chr(30));
  v_data constant text[] := string_to_array(p_data, chr(30));
  v_metadata constant text[] := string_to_array(p_metadata, chr(30));
  v_tags constant text[] := string_to_array(p_tags, chr(30));
  v_from integer := 1;        -- the parts of one append: v_from .. v_to
  v_to integer;
  v_event_from integer := 1;  -- its events: v_event_from .. v_event_to
  v_event_to integer := 0;
  v_blocked boolean[] := array_fill(false, array[cardinality(v_names)]);  -- by slot
  v_condition record;     -- of one append; nulls where it has none
  v_result record;
  v_constraint text;
  v_table text;
begin
  verdicts := array_fill(:verdict(written), array[c_parts]);
  versions := array_fill(0::bigint, array[c_parts]);
  positions := versions;
  detail := '{}';
  while v_from <= c_parts loop
    v_to := v_from;
    v_event_to := v_event_to + p_counts[v_from];
    while v_to < c_parts and p_append[v_to + 1] = p_append[v_from] loop
      v_to := v_to + 1;
      v_event_to := v_event_to + p_counts[v_to];
    end loop;
    begin
      if exists (select from generate_series(v_from, v_to) as i where v_blocked[p_slot[i]]) then
        raise exception using errcode = 'lock_not_available';
      end if;
      select array_agg(1) as owners, string_agg(coalesce(types, ''), chr(30) order by n) as types,
             string_agg(coalesce(tags, ''), chr(30) order by n) as tags,
             array_agg(after order by n) as after, array_agg(above order by n) as above
        into v_condition
        from unnest(p_condition, string_to_array(p_condition_types, chr(30)), string_to_array(p_condition_tags, chr(30)), p_after, p_above)
             with ordinality as item (owner, types, tags, after, above, n)
       where owner = p_append[v_from];
      select r.*
        into v_result
        from :"schema".append_many(
          v_tenants[p_slot[v_from]], null,
          (select string_agg(v_names[p_slot[i]], chr(30) order by i) from generate_series(v_from, v_to) as i),
          (select array_agg(case when p_expected[i] in (0, :expected(any)) or p_expected[i] <= :expected(unchanged_since) then :slot(either) else :slot(present) end order by i) from generate_series(v_from, v_to) as i),
          array_fill(1, array[v_to - v_from + 1]),
          (select array_agg(i order by i) from generate_series(1, v_to - v_from + 1) as i),
          p_expected[v_from:v_to], p_counts[v_from:v_to],
          coalesce((select array_agg(p_part[e] - v_from + 1 order by e) from generate_series(v_event_from, v_event_to) as e), '{}'),
          p_place[v_event_from:v_event_to], p_ids[v_event_from:v_event_to],
          array_to_string(v_types[v_event_from:v_event_to], chr(30)), array_to_string(v_data[v_event_from:v_event_to], chr(30)),
          array_to_string(v_metadata[v_event_from:v_event_to], chr(30)), array_to_string(v_tags[v_event_from:v_event_to], chr(30)),
          true, p_recorded_at, p_durability, true, false, p_epoch,
          v_condition.owners, v_condition.types, v_condition.tags, v_condition.after, v_condition.above, false,
          p_schema_versions[v_event_from:v_event_to]) as r;
      -- Otherwise a deferred constraint of the user's would fail the whole call at its commit.
      set constraints all immediate;
      verdicts[v_from:v_to] := v_result.verdicts;
      versions[v_from:v_to] := v_result.versions;
      positions[v_from:v_to] := v_result.positions;
      if v_result.detail ? '1' then
        detail := detail || jsonb_build_object(p_append[v_from]::text, v_result.detail -> '1');
      end if;
    exception
      when lock_not_available or deadlock_detected or serialization_failure then
        verdicts[v_from:v_to] := array_fill(:verdict(blocked), array[v_to - v_from + 1]);
      when others then
        get stacked diagnostics v_constraint = constraint_name, v_table = table_name;
        if v_constraint ~ '^(events|events_[0-9]+)_tenant_id_key$' or v_constraint = 'event_ids_pkey' then
          verdicts[v_from:v_to] := array_fill(:verdict(blocked), array[v_to - v_from + 1]);
        else
          verdicts[v_from:v_to] := array_fill(:verdict(refused), array[v_to - v_from + 1]);
          detail := detail || jsonb_build_object(p_append[v_from]::text, jsonb_build_array(sqlstate, sqlerrm, v_constraint, v_table));
        end if;
    end;
    if :verdict(blocked) = any (verdicts[v_from:v_to]) then
      for i in v_from .. v_to loop
        v_blocked[p_slot[i]] := true;
      end loop;
    end if;
    v_from := v_to + 1;
    v_event_from := v_event_to + 1;
  end loop;
end
$tidemark$;
