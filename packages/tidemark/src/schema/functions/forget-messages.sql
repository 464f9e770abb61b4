-- Removes messages of the outbox that every relay has published and that are older than p_keep_ms, the oldest first, at most p_most.
-- Returns how many. Those that became dead letters stay, so does the message that a checkpoint stands at, and so do those of a tenant
-- that no relay of the outbox reads. p_tenant: whose; null: those of all tenants. It passes over rows that others lock, so that two that clean up do not wait for each other.
create function :"schema".forget_messages(p_tenant text, p_keep_ms bigint, p_most integer) returns integer
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set jit = off
  set enable_seqscan = off
  set enable_bitmapscan = off
as $tidemark$
declare
  v_passed bigint;
  v_removed integer;
begin
  select min(s.position) into v_passed
    from :"schema".consumers as c
    join :"schema".consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
   where c.source = 'outbox';
  with old as materialized (
    select o.position
      from :"schema".outbox as o
     where o.position < v_passed
       and (p_tenant is null or o.tenant = p_tenant)
       and o.published_at < clock_timestamp() - p_keep_ms::float8 * interval '1 millisecond'
       and exists (
             select from :"schema".consumers as c
              where c.source = 'outbox' and (c.tenant = o.tenant or c.definition ->> 'tenants' = 'all')
           )
       and not exists (select from :"schema".dead_letters as d where d.position = o.position)
     order by o.position
     limit p_most
       for update skip locked
  ), gone as (
    delete from :"schema".outbox as o using old where o.position = old.position returning 1
  )
  select count(*)::integer into v_removed from gone;
  return v_removed;
end
$tidemark$;
