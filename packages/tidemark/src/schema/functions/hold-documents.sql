-- Holds a projection where it is, for who repairs a document: until the transaction ends, its follower's transactions wait (enter_shard), and
-- neither its checkpoint nor its state changes. Waits at most 2 s (55P03): handlers that begin wait behind this.
--
-- state: of the registry; null where there is no such version. position: everything up to here is in its documents; of a live one that is no
-- use, for appends write it. started_after: nothing up to here is in them; null where no worker ever followed it. built: false while it is
-- built in memory, whose owner would not see what is written here.
create function :"schema".hold_documents(
  p_name text, p_version integer, p_tenant text,
  out state text, out "position" bigint, out started_after bigint, out built boolean
)
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '2s'
as $tidemark$
declare
  v_shard integer;
  v_tenant text;
begin
  select s.id, c.tenant, c.started_after
    into v_shard, v_tenant, hold_documents.started_after
    from :"schema".consumers as c
    join :"schema".consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
    join :"schema".projections as p on p.name = c.owner_name and p.version = c.owner_version
   where c.kind = 'projection' and c.owner_name = p_name and c.owner_version = p_version
     and (c.tenant = p_tenant or p.mode = 'inline' or c.definition ->> 'tenants' = 'all')
   order by c.tenant = p_tenant desc
   limit 1;
  if v_shard is not null then
    perform pg_advisory_xact_lock(:"schema".lock_number(:regclass(consumer_shards)::oid::bigint), v_shard);
    select s.position into hold_documents.position from :"schema".consumer_shards as s where s.id = v_shard for no key update;
  end if;
  select p.state into hold_documents.state from :"schema".projections as p where p.name = p_name and p.version = p_version;
  built := not exists (
    select
      from :"schema".projection_builds as b
     where b.name = p_name and b.version = p_version and b.tenant = coalesce(v_tenant, p_tenant) and b.state in ('building', 'checking')
  );
end
$tidemark$;
