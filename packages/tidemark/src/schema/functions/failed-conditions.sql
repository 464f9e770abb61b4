-- Which of these conditions fail: those with other matching events after their boundary than were seen when it was read. Called in a
-- statement after take_claims, so it sees every event that was in flight. The number of committed events that match a query only
-- grows, so the number alone shows whether they are the same events.
--
--   p_tenant          of all; p_tenants of each owner, null: all are p_tenant
--   p_condition, p_types, p_tags   as in take_claims
--   p_after, p_above  of each item, the same for those of one owner: the boundary's position, and how many matching events
--                     were seen above it
--
-- Returns of each owner whose condition fails [stream, type, position, how many matching events were found]: the first event
-- that is one too many, or nulls where there are fewer than were seen, which is a boundary of another query or store.
-- Null: no condition fails.
create function :"schema".failed_conditions(
  p_tenant text, p_tenants text[], p_condition integer[], p_types text, p_tags text, p_after bigint[], p_above integer[]
) returns jsonb
  language sql stable
as $tidemark$
  with item as (
    select owner, coalesce(p_tenants[owner], p_tenant) as tenant, after, above,
           string_to_array(nullif(types, ''), chr(31)) as types, string_to_array(nullif(tags, ''), chr(31)) as tags
      from unnest(p_condition, string_to_array(p_types, chr(30)), string_to_array(p_tags, chr(30)), p_after, p_above)
           as item (owner, types, tags, after, above)
  ), found as (
    select owner, above, array_agg(distinct position order by position) filter (where position is not null) as positions
      from item
      left join lateral (
        (
          select t.position
            from :"schema".event_tags as t
           cross join lateral (
             select from :"schema".events as e
              where e.position = t.position
                and (item.types is null or e.type = any (item.types))
                and (cardinality(item.tags) = 1 or e.tags @> item.tags)
             offset 0
           ) as e
           where item.tags is not null
             and t.tenant = item.tenant
             and t.tag = case when cardinality(item.tags) = 1 then item.tags[1] else :"schema".rarest_tag(item.tenant, item.tags, item.after) end
             and t.position > item.after
           order by t.position
           limit item.above + 1
        )
        union all
        (
          select e.position
            from :"schema".events as e
           where item.tags is null
             and e.position > item.after
             -- Not to be looked up by: the index on ids begins with the tenant too, and would be read to its end.
             and coalesce(e.tenant = item.tenant, false)
             and (item.types is null or e.type = any (item.types))
           order by e.position
           limit item.above + 1
        )
      ) as matching on true
     group by owner, above
  )
  select jsonb_object_agg(owner, jsonb_build_array(stream.name, event.type, event.position::text, coalesce(cardinality(positions), 0)::text))
    from found
    left join :"schema".events as event on event.position = positions[above + 1]
    left join :"schema".streams as stream on stream.id = event.stream_id
   where coalesce(cardinality(positions), 0) <> above;
$tidemark$;
