-- append_many for one append whose stream or claim another transaction holds: waits for it, a second at a time, so that a few
-- connections serve any number of such appends in turn.
create function :"schema".append_waiting(
  p_tenant text, p_tenants text, p_names text, p_kinds integer[],
  p_append integer[], p_slot integer[], p_expected bigint[], p_counts integer[],
  p_part integer[], p_place integer[], p_ids uuid[], p_types text, p_data text, p_metadata text, p_tags text,
  p_check_ids boolean, p_recorded_at timestamptz, p_durability text, p_epoch bigint default 0,
  p_condition integer[] default null, p_condition_types text default null, p_condition_tags text default null,
  p_after bigint[] default null, p_above integer[] default null,
  p_schema_versions smallint[] default null,
  out verdicts integer[], out versions bigint[], out positions bigint[], out detail jsonb,
  out written bigint[], out written_at timestamptz
)
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '1s'
as $tidemark$
begin
  select r.verdicts, r.versions, r.positions, r.detail, r.written, r.written_at
    into verdicts, versions, positions, detail, written, written_at
    from :"schema".append_many(
      p_tenant, p_tenants, p_names, p_kinds, p_append, p_slot, p_expected, p_counts, p_part, p_place, p_ids,
      p_types, p_data, p_metadata, p_tags, p_check_ids, p_recorded_at, p_durability, false, false, p_epoch,
      p_condition, p_condition_types, p_condition_tags, p_after, p_above, true, p_schema_versions) as r;
end
$tidemark$;
