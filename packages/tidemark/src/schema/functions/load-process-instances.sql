-- Returns those of these instances of a process that exist, and locks those that this version runs. p_instances: a JSON array of names.
-- In the order of their ids, in which every transaction that locks several of them does so.
--
-- Each name is looked up by itself, and then each id, whatever the statistics say: in a table that was not analyzed yet the planner takes the instances of a
-- process for one, and a join, or "= any" over names, reads all that wait for each batch. So does a join over ids, where few rows are of that version, or of
-- another. An "= any" over ids has no other index to go by than that of the ids.
create function :"schema".load_process_instances(p_tenant text, p_process text, p_version integer, p_instances jsonb)
  returns setof :"schema".process_instances
  language sql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set enable_bitmapscan = off
as $tidemark$
  with found as materialized (
    select one.id
      from jsonb_array_elements_text(p_instances) as g (instance)
     cross join lateral (
       select i.id
         from :"schema".process_instances as i
        where i.tenant = p_tenant and i.process = p_process and i.instance = g.instance
        limit 1
     ) as one
  ), own as materialized (
    select i.*
      from :"schema".process_instances as i
     where i.id = any (array(select found.id from found)) and i.version = p_version
     order by i.id
       for no key update of i
  )
  select * from own
   union all
  select i.*
    from :"schema".process_instances as i
   where i.id = any (array(select found.id from found)) and i.version <> p_version
$tidemark$;
