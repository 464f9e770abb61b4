-- Events that a consumer could not handle, and those of the same stream parked behind them.
create table :"schema".dead_letters (
  tenant text collate "C" not null default '',
  consumer text collate "C" not null,
  position bigint not null,
  stream_id bigint not null,
  event_id uuid not null,
  parked_behind bigint,
  attempts integer not null,
  error text not null,
  stack text,
  parked_at timestamptz(3) not null default clock_timestamp(),
  constraint dead_letters_pkey primary key (tenant, consumer, position)
);

create index dead_letters_tenant_consumer_stream_id_idx on :"schema".dead_letters (tenant, consumer, stream_id, position);
