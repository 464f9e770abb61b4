-- Locks documents that do not exist, until the transaction ends: two appends that both create one would each evolve it from
-- nothing, and the second would overwrite the first. A lock for each hash of tenant and id, in the class of the table's OID,
-- in one order for all, behind the shared lock -1 of that class. Where they are more than lock_budget() allows, -1 is taken
-- exclusively instead, and stands for all documents of the table.
--
-- These locks come before those of rows. A transaction that holds rows already must not wait for them (p_wait false), since that could
-- deadlock. It fails (55P03) if one is not free.
create function :"schema".lock_absent_documents(p_table regclass, p_tenants text[], p_ids text[], p_wait boolean) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_class constant integer := :"schema".lock_number(p_table::oid::bigint);
  v_slots constant integer[] := array(
    select distinct (hashtextextended(tenant || chr(31) || id, 0) & 2147483647)::integer as slot
      from unnest(p_tenants, p_ids) as absent (tenant, id)
     order by slot
  );
  v_slot integer;
  v_free boolean := true;
begin
  if not :"schema".lock_budget(cardinality(v_slots) + 1) then
    if p_wait then
      perform pg_advisory_xact_lock(v_class, -1);
    else
      v_free := pg_try_advisory_xact_lock(v_class, -1);
    end if;
  elsif p_wait then
    perform pg_advisory_xact_lock_shared(v_class, -1);
    foreach v_slot in array v_slots loop
      perform pg_advisory_xact_lock(v_class, v_slot);
    end loop;
  else
    v_free := pg_try_advisory_xact_lock_shared(v_class, -1);
    foreach v_slot in array v_slots loop
      v_free := v_free and pg_try_advisory_xact_lock(v_class, v_slot);
    end loop;
  end if;
  if not v_free then
    raise exception 'a document of % was deleted, and is being created again', p_table using errcode = '55P03';
  end if;
end
$tidemark$;
