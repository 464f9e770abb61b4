-- States folded from events, kept to read fewer of them. A snapshot never changes a result.
create table :"schema".snapshots (
  tenant text collate "C" not null default '',
  name text collate "C" not null,
  key text collate "C" not null,
  state_version integer not null default 1,
  version bigint not null,
  position bigint not null,
  state jsonb not null,
  taken_at timestamptz(3) not null default clock_timestamp(),
  constraint snapshots_pkey primary key (tenant, name, key)
);
