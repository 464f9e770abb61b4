-- Takes the claims of appends: advisory locks that keep conditions true until they commit. Whoever writes takes shared ones,
-- on each tag and each type of its events and on the tenant. A condition takes, for each item of its query, an exclusive one
-- on the item's first tag (all must match, so one is enough), without tags on each of its types, and without either on the
-- tenant: so no event that it rules out is in flight, and none can come, while it is looked for in a statement after this one.
--
-- Classes: OID of event_tags for tags, of events for types, of streams for tenants. In the last one 0 is the bulk claim: who
-- would take more than 512 shared ones, in one transaction, takes it exclusively instead, and conditions take it shared.
-- Thousands of locks would exhaust the server's lock table, and fail strangers with it.
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
  c_setting constant text := 'tidemark.claims_' || :regclass(events)::oid;
  c_between constant text := chr(30) || chr(30);
  v_classes integer[];
  v_numbers integer[];
  v_exclusive boolean[];
  v_shared integer;       -- shared claims of this transaction
  v_refused bigint[];     -- class and number in one
  v_claimed boolean;
  v_types text;           -- those not claimed yet
  v_type text;
  v_count integer := 0;
begin
  -- The common case, cheaply: one tenant, few types, all claims free.
  if cardinality(p_seeds) = 1 and not p_wait then
    v_claimed := pg_try_advisory_xact_lock_shared(c_tenants, p_seeds[1]);
    if v_claimed and p_condition is not null then
      select bool_and(case when exclusive then pg_try_advisory_xact_lock(class, number) else pg_try_advisory_xact_lock_shared(class, number) end)
        into v_claimed
        from :"schema".claims_of_conditions(p_seeds, p_condition, p_condition_types, p_condition_tags);
    end if;
    if v_claimed and p_tags is not null then
      select coalesce(bool_and(pg_try_advisory_xact_lock_shared(c_tags, number)), true) and count(*) <= 500
        into v_claimed
        from (
          select distinct :"schema".claim_number(tag, p_seeds[1]) as number
            from unnest(string_to_array(translate(p_tags, chr(30), chr(31)), chr(31))) as tag
           where tag <> ''
           limit 501
        ) as wanted;
    end if;
    -- Each type between two separators of its own, so that to take one out takes out all that are equal.
    v_types := chr(30) || replace(p_types, chr(30), c_between) || chr(30);
    while v_claimed and v_types <> c_between and v_count < 12 loop
      v_type := split_part(v_types, chr(30), 2);
      v_types := replace(v_types, chr(30) || v_type || chr(30), '');
      v_claimed := pg_try_advisory_xact_lock_shared(c_types, :"schema".claim_number(v_type, p_seeds[1]));
      v_count := v_count + 1;
      if v_claimed and v_types = '' then
        return null;
      end if;
    end loop;
  end if;

  select array_agg(class order by class, number), array_agg(number order by class, number),
         array_agg(exclusive order by class, number), count(*) filter (where not exclusive)
    into v_classes, v_numbers, v_exclusive, v_shared
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

  if p_wait then
    v_shared := v_shared + coalesce(nullif(current_setting(c_setting, true), ''), '0')::integer;
    perform set_config(c_setting, v_shared::text, true);
  end if;
  if v_shared > 512 then
    select array_agg(class order by class, number), array_agg(number order by class, number), array_agg(exclusive order by class, number)
      into v_classes, v_numbers, v_exclusive
      from (
        select * from unnest(v_classes, v_numbers, v_exclusive) as wanted (class, number, exclusive)
         where exclusive and (class, number) <> (c_tenants, 0)
        union all
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
        -- The bulk claim stands for those of all events.
        or ((c_tenants::bigint << 32) = any (v_refused) and v_shared > 512)
  );
end
$tidemark$;
