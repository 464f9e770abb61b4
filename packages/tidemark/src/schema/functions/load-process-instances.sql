-- Returns those of these instances of a process that exist, and locks those that this version runs. p_instances: a JSON array of names.
-- In the order of their ids, in which every transaction that locks several of them does so. A join, not "= any": of a table that was not
-- analyzed yet the planner reads all instances of the process, and would compare each with each name.
create function :"schema".load_process_instances(p_tenant text, p_process text, p_version integer, p_instances jsonb)
  returns setof :"schema".process_instances
  language sql
  set search_path = pg_catalog, pg_temp
as $tidemark$
  with own as materialized (
    select i.*
      from jsonb_array_elements_text(p_instances) as g (instance)
      join :"schema".process_instances as i on i.tenant = p_tenant and i.process = p_process and i.instance = g.instance
     where i.version = p_version
     order by i.id
       for no key update of i
  )
  select * from own
   union all
  select i.*
    from jsonb_array_elements_text(p_instances) as g (instance)
    join :"schema".process_instances as i on i.tenant = p_tenant and i.process = p_process and i.instance = g.instance
   where i.version <> p_version
$tidemark$;
