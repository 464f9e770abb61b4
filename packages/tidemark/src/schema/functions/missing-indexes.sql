-- Indexes that users created on the table of one version of a collection, and that another version's table lacks: the name there, and the
-- statement that creates it CONCURRENTLY. A name that has the table's in it gets the other's there; another gets the version behind it.
-- invalid: it is there, and its creation had failed.
create function :"schema".missing_indexes(p_table regclass, p_other regclass) returns table (name text, statement text, invalid boolean)
  language plpgsql stable
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  c_schema constant name := (select n.nspname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace where c.oid = p_other);
  c_from constant name := (select c.relname from pg_class as c where c.oid = p_table);
  c_to constant name := (select c.relname from pg_class as c where c.oid = p_other);
  v_index record;
  v_begin text;
begin
  for v_index in
    select i.indexrelid, i.indisunique, c.relname, pg_get_indexdef(i.indexrelid) as definition
      from pg_index as i
      join pg_class as c on c.oid = i.indexrelid
     where i.indrelid = p_table and i.indisvalid
       and not exists (select from pg_constraint as k where k.conindid = i.indexrelid)
       -- The library makes these itself, of the definition.
       and not (c.relname ~ '_[0-9a-f]{12}_idx$' and starts_with(c.relname, left(c_from, 40)))
     order by c.relname
  loop
    name := case
      when strpos(v_index.relname, c_from) > 0 then replace(v_index.relname, c_from, c_to)
      else v_index.relname || '_v' || substring(c_to from '[0-9]+$')
    end;
    name := left(name, 63);
    continue when exists (select from pg_index as i join pg_class as c on c.oid = i.indexrelid where i.indrelid = p_other and c.relname = missing_indexes.name and i.indisvalid);
    v_begin := format('CREATE %sINDEX %I ON %s ', case when v_index.indisunique then 'UNIQUE ' else '' end, v_index.relname, p_table);
    continue when not starts_with(v_index.definition, v_begin);
    invalid := exists (select from pg_index as i join pg_class as c on c.oid = i.indexrelid where i.indrelid = p_other and c.relname = missing_indexes.name);
    statement := format('create %sindex concurrently %I on %s ', case when v_index.indisunique then 'unique ' else '' end, name, p_other)
      || substr(v_index.definition, length(v_begin) + 1);
    name := format('%I.%I', c_schema, name);
    return next;
  end loop;
end
$tidemark$;
