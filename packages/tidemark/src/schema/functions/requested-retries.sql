-- Which of these consumers have something to try again: a dead letter, or an instance of a process, whose retry was requested.
--
-- Heartbeats ask this, and leases end if a heartbeat waits. Neither table holds leases, and VACUUM FULL, REINDEX or ALTER TABLE may lock it for
-- hours. So a table, or an index of it, is waited for 10 ms; then its requests wait for the next heartbeat, and those of the other table do not.
create function :"schema".requested_retries(p_tenant text, p_names text[]) returns text[]
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_bitmapscan = off
  set lock_timeout = '10ms'
as $tidemark$
declare
  v_requested text[] := '{}';
begin
  -- In the order of its index, of which one entry a consumer is read.
  begin
    v_requested := array(
      select n.name
        from unnest(p_names) as n (name)
       cross join lateral (
         select from :"schema".dead_letters as d
          where d.tenant = p_tenant and d.consumer = n.name and d.retry_requested
          order by d.position
          limit 1
       ) as first
    );
  exception when lock_not_available then
    null;
  end;

  begin
    v_requested := v_requested || array(
      select c.name
        from :"schema".consumers as c
       cross join lateral (
         select from :"schema".process_instances as i
          where i.tenant = c.tenant and i.process = c.owner_name and i.version = c.owner_version and i.retry_requested
          limit 1
       ) as first
       where c.tenant = p_tenant and c.name = any (p_names) and c.kind = 'process'
    );
  exception when lock_not_available then
    null;
  end;
  return v_requested;
end
$tidemark$;
