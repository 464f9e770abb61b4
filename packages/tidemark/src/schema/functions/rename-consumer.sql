-- Gives a consumer another name, with its checkpoints and dead letters. Workers that run it under the old one are fenced off.
-- False where there is no such consumer; fails (23505) where the new name is taken.
create function :"schema".rename_consumer(p_tenant text, p_name text, p_to text) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  -- The consumer before its leases, and these before its shards, as everywhere: the new name cascades to the shards' rows, and a worker
  -- that takes a shard has locked its lease by then.
  perform from :"schema".consumers as c where c.tenant = p_tenant and c.name = p_name for update;
  if not found then
    return false;
  end if;
  perform :"schema".evict_owners(p_tenant, p_name);
  update :"schema".consumers as c set name = p_to where c.tenant = p_tenant and c.name = p_name;
  -- No worker serves it yet: one that does not know the new name must not count for a share.
  delete from :"schema".consumer_workers as w where w.tenant = p_tenant and w.consumer = p_to;
  return true;
end
$tidemark$;
