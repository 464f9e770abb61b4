-- Ends every lease of a consumer and raises every fence: nothing that its owners have in flight can commit. Leases before
-- shards, as in take_shard().
create function :"schema".evict_owners(p_tenant text, p_name text) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  perform
     from :"schema".consumer_leases as l
     join :"schema".consumer_shards as s on s.id = l.id
    where s.tenant = p_tenant and s.consumer = p_name
    order by l.id
      for update of l;
  update :"schema".consumer_leases as l
     set lease_end = '-infinity', state = 'stopped'
    from :"schema".consumer_shards as s
   where s.id = l.id and s.tenant = p_tenant and s.consumer = p_name;
  update :"schema".consumer_shards as s set fence = s.fence + 1 where s.tenant = p_tenant and s.consumer = p_name;
end
$tidemark$;
