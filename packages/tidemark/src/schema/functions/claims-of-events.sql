-- The claims of events, and whose they are, with the parameters of take_claims: shared.
create function :"schema".claims_of_events(p_seeds integer[], p_append integer[], p_part integer[], p_types text, p_tags text)
  returns table (owner integer, class integer, number integer, exclusive boolean)
  language sql immutable
as $tidemark$
  with event as (
    select owner, p_seeds[least(owner, cardinality(p_seeds))] as seed, type, tags
      from (
        select coalesce(p_append[part], part, n::integer) as owner, type, tags
          from unnest(p_part, string_to_array(p_types, chr(30)), string_to_array(p_tags, chr(30))) with ordinality as event (part, type, tags, n)
      ) as owned
  )
  select owner, :"schema".lock_number(:regclass(events)::oid::bigint), :"schema".claim_number(type, seed), false from event
  union all
  select owner, :"schema".lock_number(:regclass(streams)::oid::bigint), seed, false from event
  union all
  select owner, :"schema".lock_number(:regclass(event_tags)::oid::bigint), :"schema".claim_number(tag, seed), false
    from event
   cross join lateral unnest(string_to_array(nullif(tags, ''), chr(31))) as tag;
$tidemark$;
