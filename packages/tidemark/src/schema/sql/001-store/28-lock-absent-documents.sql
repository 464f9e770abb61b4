-- Locks documents that do not exist, until the transaction ends: two appends that both create one would each evolve it from
-- nothing, and the second would overwrite the first. A lock for each hash of tenant and id, in the class of the table's OID,
-- in one order for all.
create function :"schema".lock_absent_documents(p_table regclass, p_tenants text, p_ids text) returns void
  language plpgsql
as $tidemark$
begin
  perform pg_advisory_xact_lock(:"schema".lock_number(p_table::oid::bigint), slot)
     from (
       select distinct (hashtextextended(tenant || chr(31) || id, 0) & 2147483647)::integer as slot
         from unnest(string_to_array(p_tenants, chr(30)), string_to_array(p_ids, chr(30))) as absent (tenant, id)
        where id <> ''
        order by slot
     ) as slots;
end
$tidemark$;
