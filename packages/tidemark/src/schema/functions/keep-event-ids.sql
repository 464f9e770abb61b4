-- Of a log in partitions: keeps the ids of these events where one index sees them all. Each leaf has an index of its own on ids, so
-- that two transactions could write one id into two of them. Called for ids that may come again: those that a caller chose,
-- and those that a caller's open transaction has seen. 23505 on event_ids_pkey means what it means on events_tenant_id_key.
create function :"schema".keep_event_ids(p_positions bigint[]) returns void
  language plpgsql
as $tidemark$
begin
  insert into :"schema".event_ids (tenant, id, position)
  select e.tenant, e.id, e.position
    from unnest(p_positions) as written (position)
   cross join lateral (select * from :"schema".events as e where e.position = written.position) as e;
end
$tidemark$;
