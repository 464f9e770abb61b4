-- Writes what a batch of inputs made of instances of a process. All three are JSON arrays:
--   p_instances  { instance, hash, status, parked, state, stateVersion, handled, inputs, late, error }, as they are now; new ones among them
--   p_inputs     { instance, number, position }
--   p_commands   { instance, input, path, kind, stream, payload }, in the order of issue
-- Returns the ids of these instances. One that another version runs is left out and stays as it is.
create function :"schema".record_process_inputs(
  p_tenant text, p_process text, p_version integer, p_instances json, p_inputs json, p_commands json
)
  returns table (instance text, id bigint)
  language sql
  set search_path = pg_catalog, pg_temp
as $tidemark$
  with written as (
    insert into :"schema".process_instances as i
           (tenant, process, version, instance, hash, status, parked, state, state_version, handled, inputs, late, error, ended_at)
    -- What JSON calls null is no value here, but can be a state.
    select p_tenant, p_process, p_version, g.instance, g.hash, g.status, g.parked, coalesce(g.state, 'null'), g."stateVersion", g.handled, g.inputs, g.late,
           g.error, case when g.status <> 'running' then clock_timestamp() end
      from json_to_recordset(p_instances) as g
           (instance text, hash integer, status text, parked text, state jsonb, "stateVersion" integer, handled integer, inputs integer, late integer, error jsonb)
    on conflict on constraint process_instances_tenant_process_instance_key do update
      set status = excluded.status,
          parked = excluded.parked,
          state = excluded.state,
          state_version = excluded.state_version,
          handled = excluded.handled,
          inputs = excluded.inputs,
          late = excluded.late,
          error = excluded.error,
          updated_at = clock_timestamp(),
          ended_at = coalesce(i.ended_at, excluded.ended_at)
      where i.version = excluded.version
    returning i.instance, i.id, i.hash
  ), inputs as (
    insert into :"schema".process_inputs (instance_id, number, position)
    select w.id, g.number, g.position
      from json_to_recordset(p_inputs) as g (instance text, number integer, position bigint)
      join written as w on w.instance = g.instance
  ), commands as (
    insert into :"schema".process_commands (tenant, process, version, instance_id, hash, input, path, kind, stream, payload)
    select p_tenant, p_process, p_version, w.id, w.hash, g.input, g.path, g.kind, g.stream, g.payload
      from rows from (json_to_recordset(p_commands) as (instance text, input integer, path integer[], kind text, stream text, payload jsonb))
           with ordinality as g (instance, input, path, kind, stream, payload, slot)
      join written as w on w.instance = g.instance
     order by g.slot
  )
  select w.instance, w.id from written as w
$tidemark$;
