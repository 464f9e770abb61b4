-- Tells how far the build of a projection for one tenant is. Nulls leave what stands there; events and documents are added. Returns in how many
-- parts it is to be built; null where there is no such build: the version was dropped.
create function :"schema".report_build(
  p_name text, p_version integer, p_tenant text, p_state text, p_way text default null,
  p_events bigint default null, p_documents bigint default null, p_reached bigint default null, p_error jsonb default null
) returns integer
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_parts integer;
begin
  update :"schema".projection_builds as b
     set state = coalesce(p_state, b.state),
         way = coalesce(p_way, b.way),
         events = b.events + coalesce(p_events, 0),
         documents = b.documents + coalesce(p_documents, 0),
         reached = greatest(b.reached, p_reached),
         error = case when p_state in ('building', 'checking', 'ready') then null else coalesce(p_error, b.error) end,
         built_at = case when p_state = 'ready' then coalesce(b.built_at, clock_timestamp()) when p_state in ('building', 'checking') then null else b.built_at end
   where b.name = p_name and b.version = p_version and b.tenant = p_tenant
  returning b.parts into v_parts;
  return v_parts;
end
$tidemark$;
