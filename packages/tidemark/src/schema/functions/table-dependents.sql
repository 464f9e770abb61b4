-- What hangs on the table of one version of a collection, and stays there when another version serves: views that read the table itself,
-- functions, foreign keys; rules, policies, triggers and publications that the other table has none of by the same name. Null: nothing.
create function :"schema".table_dependents(p_table regclass, p_other regclass) returns jsonb
  language sql stable
  set search_path = pg_catalog, pg_temp
as $tidemark$
  select jsonb_agg(jsonb_build_object('kind', found.kind, 'name', found.name) order by found.kind, found.name)
    from (
      select case c.relkind when 'm' then 'materialized view' else 'view' end as kind, r.ev_class::regclass::text as name
        from pg_depend as d
        join pg_rewrite as r on r.oid = d.objid
        join pg_class as c on c.oid = r.ev_class
       where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = p_table and r.ev_class <> p_table
         and obj_description(r.ev_class, 'pg_class') is distinct from 'tidemark collection'
      union
      select 'function', d.objid::regprocedure::text
        from pg_depend as d
       where d.classid = 'pg_proc'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = p_table
      union
      select 'foreign key', format('%s of %s', k.conname, k.conrelid::regclass)
        from pg_constraint as k
       where k.contype = 'f' and p_table in (k.confrelid, k.conrelid) and k.conparentid = 0
         and not exists (select from pg_constraint as o where k.conrelid = p_table and o.conrelid = p_other and o.conname = k.conname)
      union
      select 'rule', r.rulename::text
        from pg_rewrite as r
       where r.ev_class = p_table and not exists (select from pg_rewrite as o where o.ev_class = p_other and o.rulename = r.rulename)
      union
      select 'policy', p.polname::text
        from pg_policy as p
       where p.polrelid = p_table and not exists (select from pg_policy as o where o.polrelid = p_other and o.polname = p.polname)
      union
      select 'trigger', t.tgname::text
        from pg_trigger as t
       where t.tgrelid = p_table and not t.tgisinternal
         and not exists (select from pg_trigger as o where o.tgrelid = p_other and o.tgname = t.tgname)
      union
      select 'publication', p.pubname::text
        from pg_publication_rel as r
        join pg_publication as p on p.oid = r.prpubid
       where r.prrelid = p_table and not exists (select from pg_publication_rel as o where o.prrelid = p_other and o.prpubid = r.prpubid)
    ) as found
$tidemark$;
