-- The claims of conditions, and whose they are, with the parameters of take_claims: exclusive, but for the bulk claim.
create function :"schema".claims_of_conditions(p_seeds integer[], p_condition integer[], p_types text, p_tags text)
  returns table (owner integer, class integer, number integer, exclusive boolean)
  language sql immutable
as $tidemark$
  with item as (
    select owner, p_seeds[least(owner, cardinality(p_seeds))] as seed, nullif(types, '') as types, nullif(tags, '') as tags
      from unnest(p_condition, string_to_array(p_types, chr(30)), string_to_array(p_tags, chr(30))) as item (owner, types, tags)
  )
  select owner, :"schema".lock_number(:regclass(event_tags)::oid::bigint), :"schema".claim_number(split_part(tags, chr(31), 1), seed), true
    from item
   where tags is not null
  union all
  select owner, :"schema".lock_number(:regclass(events)::oid::bigint), :"schema".claim_number(type, seed), true
    from item
   cross join lateral unnest(string_to_array(types, chr(31))) as type
   where tags is null
  union all
  select owner, :"schema".lock_number(:regclass(streams)::oid::bigint), seed, true from item where tags is null and types is null
  union all
  select owner, :"schema".lock_number(:regclass(streams)::oid::bigint), 0, false from item;
$tidemark$;
