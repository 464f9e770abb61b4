-- One row per stream. The row is the stream's lock, not its counter. An append holds it FOR NO KEY UPDATE, and reads the stream's
-- version from events_stream_id_version_key in a new statement. A counter here would leave a chain of dead row versions in a hot
-- stream whenever an old snapshot is open anywhere in the cluster.
create table :"schema".streams (
  id bigint generated always as identity,
  tenant text collate "C" not null default '',
  name text collate "C" not null,
  category text collate "C" not null generated always as (pg_catalog.split_part(name, '-', 1)) stored,
  created_at timestamptz(3) not null default pg_catalog.clock_timestamp(),
  constraint streams_pkey primary key (id),
  constraint streams_tenant_name_key unique (tenant, name)
);
