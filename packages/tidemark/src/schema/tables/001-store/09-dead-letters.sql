-- Events that a consumer could not handle ('failed'), later events of the same stream that wait behind them ('parked'), and events
-- that it skipped ('skipped'), behind which nothing waits. Keyed by stream, not by shard, because shards change.
--
-- lane is what keeps order: letters of one lane are settled one after the other. It is the stream, unless the follower is a relay, whose
-- messages have a key.
create table :"schema".dead_letters (
  tenant text collate "C" not null default '',
  consumer text collate "C" not null,
  position bigint not null,
  stream_id bigint not null,
  key text collate "C",
  lane text collate "C" not null generated always as (coalesce(key, stream_id::text)) stored,
  event_id uuid not null,
  state text not null,
  retry_requested boolean not null default false,
  attempts integer not null default 0,
  error_code text,
  error_message text,
  error_stack text,
  parked_at timestamptz(3) not null default pg_catalog.clock_timestamp(),
  constraint dead_letters_pkey primary key (tenant, consumer, position),
  constraint dead_letters_consumer_fkey foreign key (tenant, consumer) references :"schema".consumers (tenant, name) on update cascade on delete cascade,
  constraint dead_letters_state_check check (state in ('failed', 'parked', 'skipped'))
);

create index dead_letters_tenant_consumer_lane_position_idx on :"schema".dead_letters (tenant, consumer, lane, position);

-- Read at every heartbeat and after every retried letter, however many letters wait.
create index dead_letters_tenant_consumer_position_idx on :"schema".dead_letters (tenant, consumer, position) where retry_requested;

-- How dead letters were resolved: the last thousand of each consumer (keep_resolved).
create table :"schema".dead_letter_history (
  tenant text collate "C" not null default '',
  consumer text collate "C" not null,
  id bigint not null generated always as identity,
  position bigint not null,
  stream_id bigint not null,
  event_id uuid not null,
  outcome text not null,
  attempts integer not null,
  error_code text,
  error_message text,
  parked_at timestamptz(3) not null,
  resolved_at timestamptz(3) not null default pg_catalog.clock_timestamp(),
  constraint dead_letter_history_pkey primary key (tenant, consumer, id),
  constraint dead_letter_history_consumer_fkey foreign key (tenant, consumer) references :"schema".consumers (tenant, name) on update cascade on delete cascade,
  constraint dead_letter_history_outcome_check check (outcome in ('handled', 'discarded', 'reset'))
);
