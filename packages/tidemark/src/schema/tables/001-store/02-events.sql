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
  -- Of this event and the one before it in its stream, where events are chained (15-event-chain.sql).
  hash bytea,
  constraint events_pkey primary key (position),
  constraint events_stream_id_version_key unique (stream_id, version),
  constraint events_tenant_id_key unique (tenant, id)
);

alter sequence :"schema".events_position_seq owned by :"schema".events.position;

-- Costs almost nothing to maintain, and finds the range of pages for a time.
create index events_recorded_at_brin on :"schema".events using brin (recorded_at);

-- Data of more than about 2 KB is compressed by PostgreSQL. An append of 200 KB takes 57 to 70 % of the time with lz4, and needs no more
-- room. A server may be built without lz4, and would refuse the column's setting: what it can do is among the values of its parameter.
do $tidemark$
begin
  if exists (
    select from pg_catalog.pg_settings
     where name operator(pg_catalog.=) 'default_toast_compression' and 'lz4' operator(pg_catalog.=) any (enumvals)
  ) then
    alter table :"schema".events alter column data set compression lz4;
  end if;
end
$tidemark$;
