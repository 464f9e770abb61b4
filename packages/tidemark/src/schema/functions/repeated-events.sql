-- Which appends of a batch were written before: by the ids of their events, looked up after the stream rows are locked and
-- before expectations. The same ids with the same type, data and tags in the same stream are a retry and get the first
-- result (1); ids with other content, in another stream, or only a part of an append are duplicates (3), told in detail.
-- Metadata is not compared: traces differ between tries. Verdicts are by part and the same for all parts of an append.
create function :"schema".repeated_events(
  p_tenants text[], p_streams bigint[], p_append integer[], p_slot integer[], p_counts integer[],
  p_part integer[], p_place integer[], p_ids uuid[], p_types text[], p_data text[], p_tags text[],
  out verdicts integer[], out versions bigint[], out positions bigint[], out detail jsonb
)
  language plpgsql
as $tidemark$
declare
  v_event record;
  v_found integer[] := array_fill(0, array[cardinality(p_append)]);     -- by append: events whose id is there
  v_wanted integer[] := array_fill(0, array[cardinality(p_append)]);    -- by append: events
  v_first bigint[] := array_fill(null::bigint, array[cardinality(p_append)]); -- by append: the position of its first event
begin
  verdicts := array_fill(:verdict(written), array[cardinality(p_append)]);
  versions := array_fill(0::bigint, array[cardinality(p_append)]);
  positions := versions;
  detail := '{}';

  for v_event in
    select wanted.part, wanted.id, event.version, event.position,
           case
             when event.stream_id <> p_streams[p_slot[wanted.part]] then 'in another stream'
             when event.type <> wanted.type then 'with another type'
             when event.data <> wanted.data::jsonb then 'with other data'
             when coalesce(event.tags, '{}') <> coalesce(string_to_array(nullif(wanted.tags, ''), chr(31)), '{}') then 'with other tags'
             when event.version - wanted.place <> coalesce(lag(event.version - wanted.place) over (partition by wanted.part order by n), event.version - wanted.place) then 'in another order'
           end as difference
      from unnest(p_part, p_place, p_ids, p_types, p_data, p_tags) with ordinality as wanted (part, place, id, type, data, tags, n)
     cross join lateral (
       select stream_id, version, position, type, data, tags
         from :"schema".events as e
        where e.tenant = p_tenants[p_slot[wanted.part]] and e.id = wanted.id
     ) as event
     order by n
  loop
    v_found[p_append[v_event.part]] := v_found[p_append[v_event.part]] + 1;
    versions[v_event.part] := v_event.version;
    positions[v_event.part] := v_event.position;
    v_first[p_append[v_event.part]] := least(v_first[p_append[v_event.part]], v_event.position);
    if not detail ? p_append[v_event.part]::text and v_event.difference is not null then
      detail := detail || jsonb_build_object(p_append[v_event.part]::text, jsonb_build_array(v_event.id, v_event.difference));
    end if;
  end loop;
  if 0 = all (v_found) then
    return;
  end if;

  for i in 1 .. cardinality(p_append) loop
    v_wanted[p_append[i]] := v_wanted[p_append[i]] + p_counts[i];
  end loop;
  for i in 1 .. cardinality(p_append) loop
    if v_found[p_append[i]] > 0 then
      if v_found[p_append[i]] < v_wanted[p_append[i]] and not detail ? p_append[i]::text then
        detail := detail || jsonb_build_object(p_append[i]::text, jsonb_build_array(
          (select id from unnest(p_part, p_ids) as wanted (part, id)
            where p_append[part] = p_append[i]
              and exists (select from :"schema".events as e where e.tenant = p_tenants[p_slot[part]] and e.id = wanted.id)
            limit 1),
          'with only a part of this append'));
      end if;
      verdicts[i] := case when detail ? p_append[i]::text then :verdict(duplicate) else :verdict(repeated) end;
      -- A stream that was only read was locked, so what stood in it then has lower positions, and what came since has higher ones.
      if verdicts[i] = :verdict(repeated) and p_counts[i] = 0 then
        select e.version, e.position
          into v_event
          from :"schema".events as e
         where e.stream_id = p_streams[p_slot[i]] and e.position < v_first[p_append[i]]
         order by e.version desc
         limit 1;
        versions[i] := coalesce(v_event.version, 0);
        positions[i] := coalesce(v_event.position, 0);
      end if;
    end if;
  end loop;
end
$tidemark$;
