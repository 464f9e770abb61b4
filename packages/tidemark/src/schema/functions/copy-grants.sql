-- Gives to the table of one version of a collection what others may do with the table of another, and with its columns. It takes
-- nothing away.
create function :"schema".copy_grants(p_table regclass, p_other regclass) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_grant text;
begin
  for v_grant in
    select format(
             'grant %s%s on %s to %s%s', g.privilege_type, g.columns, p_other,
             case g.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(g.grantee)) end,
             case when g.is_grantable then ' with grant option' else '' end)
      from (
        select a.grantee, a.privilege_type, a.is_grantable, '' as columns, c.relowner as owner
          from pg_class as c cross join lateral aclexplode(c.relacl) as a
         where c.oid = p_table
        union all
        select a.grantee, a.privilege_type, a.is_grantable, format(' (%I)', t.attname), c.relowner
          from pg_attribute as t
          join pg_class as c on c.oid = t.attrelid
         cross join lateral aclexplode(t.attacl) as a
         where t.attrelid = p_table and not t.attisdropped
           and exists (select from pg_attribute as o where o.attrelid = p_other and o.attname = t.attname and not o.attisdropped)
      ) as g
     where g.grantee <> g.owner
  loop
    execute v_grant;
  end loop;
end
$tidemark$;
