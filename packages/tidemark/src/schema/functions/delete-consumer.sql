-- Removes a consumer with its checkpoints, dead letters and their history. Workers that run it are fenced off: what they have in
-- flight rolls back. False where there is no such consumer; a projection's follower is none.
create function :"schema".delete_consumer(p_tenant text, p_name text) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  -- The consumer before its leases, and these before its shards, as in rename_consumer().
  perform from :"schema".consumers as c where c.tenant = p_tenant and c.name = p_name and c.kind = 'consumer' for update;
  if not found then
    return false;
  end if;
  perform :"schema".evict_owners(p_tenant, p_name);
  -- In the order of discard_letter(): else the two could wait for each other.
  perform from :"schema".dead_letters as d where d.tenant = p_tenant and d.consumer = p_name order by d.position for update;
  delete from :"schema".consumers as c where c.tenant = p_tenant and c.name = p_name;
  return true;
end
$tidemark$;
