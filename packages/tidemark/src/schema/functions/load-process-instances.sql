-- Returns those of these instances of a process that exist, and locks those that this version runs. p_instances: a JSON array of names.
-- In the order of their ids, in which every transaction that locks several of them does so.
create function :"schema".load_process_instances(p_tenant text, p_process text, p_version integer, p_instances jsonb)
  returns setof :"schema".process_instances
  language sql
  set search_path = pg_catalog, pg_temp
as $tidemark$
  with own as materialized (
    select i.*
      from :"schema".process_instances as i
     where i.tenant = p_tenant
       and i.process = p_process
       and i.version = p_version
       and i.instance = any (array(select jsonb_array_elements_text(p_instances)))
     order by i.id
       for no key update
  )
  select * from own
   union all
  select i.*
    from :"schema".process_instances as i
   where i.tenant = p_tenant
     and i.process = p_process
     and i.version <> p_version
     and i.instance = any (array(select jsonb_array_elements_text(p_instances)))
$tidemark$;
