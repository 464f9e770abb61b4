-- The log. position is drawn by the append functions, after the floor is published (hold_floor), never by a default.
-- Times keep whole milliseconds, so that a JavaScript Date carries them exactly.
-- No foreign key to streams: its check would lock a row for every event, and the append functions hold that lock already.
create sequence :"schema".events_position_seq as bigint increment by 1 cache 1 no cycle;

create table :"schema".events (
  position bigint not null,
  stream_id bigint not null,
  version bigint not null,
  id uuid not null,
  recorded_at timestamptz(3) not null,
  schema_version smallint not null default 1,
  tenant text collate "C" not null default '',
  type text collate "C" not null,
  data jsonb not null,
  metadata jsonb,
  tags text[] collate "C",
  constraint events_pkey primary key (position),
  constraint events_stream_id_version_key unique (stream_id, version),
  constraint events_tenant_id_key unique (tenant, id)
);

alter sequence :"schema".events_position_seq owned by :"schema".events.position;

-- Costs almost nothing to maintain, and finds the range of pages for a time.
create index events_recorded_at_brin on :"schema".events using brin (recorded_at);
