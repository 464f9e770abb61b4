-- Takes the claims of appends: advisory locks that keep conditions true until they commit. An append that writes takes shared ones,
-- on each tag and each type of its events and on the tenant. A condition takes, for each item of its query, an exclusive one
-- on the item's first tag (all must match, so one is enough), without tags on each of its types, and without either on the
-- tenant: so no event that it rules out is in flight, and none can come, while it is looked for in a statement after this one.
--
-- Classes: OID of event_tags for tags, of events for types, of streams for tenants. In the last one, 0 is the bulk claim: an
-- append that needs more shared ones than lock_budget() allows takes it exclusively instead, and conditions take it shared; a
-- condition with more than 32 of its own then takes its tenant. Thousands of locks would exhaust the server's lock table, also for
-- unrelated sessions.
--
--   p_seeds          hashtext of the tenant of each owner; one for all
--   p_append         owner of each part; null: a part is an owner
--   p_part           part of each event; null: 1, 2, 3 …
--   p_types, p_tags  of each event, as in append_many
--   p_condition      owner of each item of a condition; null: no conditions
--   p_condition_types, p_condition_tags
--                    of each item, joined by U+001E, the names of one by U+001F; '' is none
--   p_wait           wait, in an order that is the same for all; else only try: a waiting exclusive lock stops everyone
--                    behind it, batch by batch
--
-- Returns the owners that another transaction keeps from their claims; null: none. What was taken is kept all the same.
create function :"schema".take_claims(
  p_seeds integer[], p_append integer[], p_part integer[], p_types text, p_tags text,
  p_condition integer[], p_condition_types text, p_condition_tags text, p_wait boolean
) returns integer[]
  language plpgsql
as $tidemark$
declare
  c_tags constant integer := :"schema".lock_number(:regclass(event_tags)::oid::bigint);
  c_types constant integer := :"schema".lock_number(:regclass(events)::oid::bigint);
  c_tenants constant integer := :"schema".lock_number(:regclass(streams)::oid::bigint);
  c_between constant text := chr(30) || chr(30);
  v_classes integer[];
  v_numbers integer[];
  v_exclusive boolean[];
  v_tags integer[];       -- the numbers of the tags
  v_count integer;        -- claims of this call
  v_demanded integer;     -- exclusive ones among them
  v_bulk boolean;
  v_refused bigint[];     -- class and number in one
  v_claimed boolean;
  v_types text;           -- those not claimed yet
  v_type text;
  v_seen integer := 0;
begin
  -- The common case, cheaply: one tenant, few types, all claims free.
  if cardinality(p_seeds) = 1 and not p_wait then
    if p_tags is not null then
      v_tags := array(
        select distinct :"schema".claim_number(tag, p_seeds[1])
          from unnest(string_to_array(translate(p_tags, chr(30), chr(31)), chr(31))) as tag
         where tag <> ''
         limit 501
      );
    end if;
    v_count := coalesce(cardinality(v_tags), 0);
    -- Of each item its first tag, or its types.
    v_demanded := coalesce(cardinality(p_condition) + cardinality(string_to_array(translate(p_condition_types, chr(30), chr(31)), chr(31))), 0);
    v_claimed := v_count <= 500 and v_demanded <= 32
      and :"schema".lock_budget(v_count + v_demanded + 3)
      and pg_try_advisory_xact_lock_shared(c_tenants, p_seeds[1]);
    if v_claimed and p_condition is not null then
      select bool_and(case when exclusive then pg_try_advisory_xact_lock(class, number) else pg_try_advisory_xact_lock_shared(class, number) end)
        into v_claimed
        from :"schema".claims_of_conditions(p_seeds, p_condition, p_condition_types, p_condition_tags);
    end if;
    if v_claimed and v_count > 0 then
      select bool_and(pg_try_advisory_xact_lock_shared(c_tags, number)) into v_claimed from unnest(v_tags) as number;
    end if;
    -- Each type between two separators of its own, so that to take one out takes out all that are equal.
    v_types := chr(30) || replace(p_types, chr(30), c_between) || chr(30);
    while v_claimed and v_types <> c_between and v_seen < 12 loop
      v_type := split_part(v_types, chr(30), 2);
      v_types := replace(v_types, chr(30) || v_type || chr(30), '');
      v_claimed := pg_try_advisory_xact_lock_shared(c_types, :"schema".claim_number(v_type, p_seeds[1]));
      v_seen := v_seen + 1;
      if v_claimed and v_types = '' then
        return null;
      end if;
    end loop;
  end if;

  select array_agg(class order by class, number), array_agg(number order by class, number),
         array_agg(exclusive order by class, number), count(*), count(*) filter (where exclusive)
    into v_classes, v_numbers, v_exclusive, v_count, v_demanded
    from (
      select class, number, bool_or(exclusive) as exclusive
        from (
          select class, number, exclusive
            from :"schema".claims_of_events(p_seeds, p_append, p_part, p_types, p_tags)
          union all
          select class, number, exclusive
            from :"schema".claims_of_conditions(p_seeds, p_condition, p_condition_types, p_condition_tags)
        ) as each
       group by class, number
    ) as wanted;

  v_bulk := not :"schema".lock_budget(v_count);
  if v_bulk then
    select array_agg(class order by class, number), array_agg(number order by class, number), array_agg(exclusive order by class, number)
      into v_classes, v_numbers, v_exclusive
      from (
        select * from unnest(v_classes, v_numbers, v_exclusive) as wanted (class, number, exclusive)
         where exclusive and v_demanded <= 32 and (class, number) <> (c_tenants, 0)
        union
        select c_tenants, seed, true from unnest(p_seeds) as seed where v_demanded > 32
        union
        values (c_tenants, 0, true)
      ) as wanted;
  end if;

  if p_wait then
    perform case when exclusive then pg_advisory_xact_lock(class, number) else pg_advisory_xact_lock_shared(class, number) end
       from unnest(v_classes, v_numbers, v_exclusive) as wanted (class, number, exclusive);
    return null;
  end if;

  select array_agg((class::bigint << 32) | (number & 4294967295))
    into v_refused
    from unnest(v_classes, v_numbers, v_exclusive) as wanted (class, number, exclusive)
   where not case when exclusive then pg_try_advisory_xact_lock(class, number) else pg_try_advisory_xact_lock_shared(class, number) end;
  if v_refused is null then
    return null;
  end if;
  return (
    select array_agg(distinct owner)
      from (
        select * from :"schema".claims_of_events(p_seeds, p_append, p_part, p_types, p_tags)
        union all
        select * from :"schema".claims_of_conditions(p_seeds, p_condition, p_condition_types, p_condition_tags)
      ) as each
     where ((class::bigint << 32) | (number & 4294967295)) = any (v_refused)
        -- The bulk claim stands for those of all.
        or v_bulk
  );
end
$tidemark$;
