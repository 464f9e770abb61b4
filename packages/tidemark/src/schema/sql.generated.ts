// DO NOT EDIT. Made from tables/ and functions/ by: npm run generate

export interface MigrationText {
  readonly version: number;
  readonly name: string;
  readonly breaking: boolean;
  readonly text: string;
}

export type FunctionName =
  | "append_batch"
  | "append_many"
  | "append_one"
  | "append_separately"
  | "append_singles"
  | "append_waiting"
  | "ask_for_build"
  | "begin_build"
  | "blockers"
  | "cancel_timers"
  | "change_projection"
  | "claim_number"
  | "claim_timers"
  | "claims_of_conditions"
  | "claims_of_events"
  | "close_gate"
  | "copy_grants"
  | "create_shards"
  | "dead_letter_failed_again"
  | "delete_consumer"
  | "discard_dead_letter"
  | "document_instant"
  | "document_state"
  | "drop_projection"
  | "end_leases_of_dead"
  | "end_of_log"
  | "enter_append"
  | "enter_gate"
  | "enter_shard"
  | "entry_of_log"
  | "evict_owners"
  | "expectation_met"
  | "failed_conditions"
  | "find_streams"
  | "finish_shards"
  | "first_page_requests"
  | "follower_name"
  | "forget_messages"
  | "free_liveness_locks"
  | "gate_holders"
  | "gate_is_idle"
  | "gate_locks"
  | "high_water_mark"
  | "hold_documents"
  | "hold_floor"
  | "hold_liveness_lock"
  | "hold_projection_shards"
  | "import_events"
  | "imported_events"
  | "keep_event_ids"
  | "keep_high_water_mark"
  | "keep_resolved"
  | "keep_snapshot"
  | "load_process_instances"
  | "lock_absent_documents"
  | "lock_budget"
  | "lock_number"
  | "lock_streams"
  | "make_projection_live"
  | "mark_process_commands"
  | "missing_indexes"
  | "move_checkpoint"
  | "move_checkpoints"
  | "next_timer"
  | "open_snapshots"
  | "outbox_mark"
  | "park_behind"
  | "park_event"
  | "park_messages"
  | "parked_lanes"
  | "pending_process_commands"
  | "position_since"
  | "projection_effects"
  | "projection_number"
  | "publish_message"
  | "query_items"
  | "raise_epoch"
  | "rarest_tag"
  | "read_checkpoint"
  | "ready_to_swap"
  | "record_process_inputs"
  | "recur_timers"
  | "refuse_sequence"
  | "refuse_shard"
  | "refuse_stale_look"
  | "refuse_unfinished_append"
  | "refuse_unseen_events"
  | "register_consumer"
  | "register_process"
  | "register_projection"
  | "rejoin_build"
  | "release_shards"
  | "rename_consumer"
  | "renew_leases"
  | "repeated_events"
  | "report_build"
  | "request_next_dead_letter"
  | "request_shards"
  | "requested_retries"
  | "reset_consumer"
  | "resume_consumer"
  | "set_timers"
  | "settle_dead_letter"
  | "split_build"
  | "stop_projection_writers"
  | "swap_projection"
  | "table_dependents"
  | "take_claims"
  | "take_shard";

export interface FunctionText {
  readonly name: FunctionName;
  readonly text: string;
}

export const migrationTexts: readonly MigrationText[] = [
  {
    version: 1,
    name: "store",
    breaking: false,
    text: `-- One row per stream. The row is the stream's lock, not its counter. An append holds it FOR NO KEY UPDATE, and reads the stream's
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

-- Which events carry a tag, in the order of the log. A B-tree: a GIN index on events.tags made appends seven times slower.
create table :"schema".event_tags (
  tenant text collate "C" not null default '',
  tag text collate "C" not null,
  position bigint not null,
  constraint event_tags_pkey primary key (tenant, tag, position)
);

-- Events are facts: no role may change or remove one, not even the table's owner. The same holds for the rows that lead to them:
-- without its row in streams, an event would be in no stream and no feed, and the stream's versions would start again.
--
-- tg_argv: why, and what to do instead.
create function :"schema".refuse_change() returns trigger
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  raise exception '% of %.% is refused: %', tg_op, tg_table_schema, tg_table_name, tg_argv[0]
    using errcode = 'TM004', hint = tg_argv[1];
end
$tidemark$;

create trigger events_append_only
  before update or delete or truncate on :"schema".events
  for each statement execute function :"schema".refuse_change('events are append-only', 'Append an event that corrects the earlier one.');

create trigger event_tags_append_only
  before update or delete or truncate on :"schema".event_tags
  for each statement execute function :"schema".refuse_change('events are append-only', 'Append an event that corrects the earlier one.');

create trigger streams_append_only
  before update or delete or truncate on :"schema".streams
  for each statement execute function :"schema".refuse_change(
    'readers would lose the events of these streams', 'A stream without events may stay: readers do not see it.');

-- The mark for standbys: the last event at or below it, which the primary writes from time to time. A standby cannot compute the
-- mark, because locks are not replicated and its sequence runs ahead.
create table :"schema".high_water_mark (
  only_row boolean not null default true,
  position bigint not null default 0,
  event_id uuid,
  written_at timestamptz(3) not null default pg_catalog.clock_timestamp(),
  constraint high_water_mark_pkey primary key (only_row),
  constraint high_water_mark_only_row_check check (only_row)
);

insert into :"schema".high_water_mark default values;

create trigger high_water_mark_kept
  before delete or truncate on :"schema".high_water_mark
  for each statement execute function :"schema".refuse_change('readers on standbys would stand still', 'Leave this row to the library.');

-- Counts changes of the inline projections that appends must write: one went live, or stopped being live. Every append sends the
-- epoch it knows, and hold_floor() compares it. If it is old, the process reads the registry again, so no append misses a projection
-- that went live meanwhile. A transaction that changes the epoch holds the gate exclusively.
create table :"schema".projection_epoch (
  only_row boolean not null default true,
  epoch bigint not null default 0,
  constraint projection_epoch_pkey primary key (only_row),
  constraint projection_epoch_only_row_check check (only_row)
);

insert into :"schema".projection_epoch default values;

create trigger projection_epoch_kept
  before delete or truncate on :"schema".projection_epoch
  for each statement execute function :"schema".refuse_change('appends could pass over a projection', 'Leave this row to the library.');

-- The projections that this store knows. Every append takes the gate shared (an advisory lock in the class of this table's OID), so
-- that a projection can be switched over while no append is in flight.
--
-- State of an inline projection: 'live', every append writes it; 'behind', its follower brings it up to date. State of an async one:
-- 'following'. A 'paused' or 'inactive' projection is not written. Its place in the log is the checkpoint of its follower, the row of
-- consumers with kind 'projection' that it owns. A live projection has no checkpoint.
--
-- Of the versions of a name one serves: the collection's view shows its documents, and its handlers have effects outside. The first
-- that is registered serves at once; a later one when swap_projection() says so. served_until: when it last ceased to serve.
create table :"schema".projections (
  name text collate "C" not null,
  version integer not null,
  mode text not null,
  state text not null,
  serving boolean not null default false,
  served_until timestamptz(3),
  definition jsonb not null default '{}',
  registered_at timestamptz(3) not null default pg_catalog.clock_timestamp(),
  changed_at timestamptz(3) not null default pg_catalog.clock_timestamp(),
  constraint projections_pkey primary key (name, version),
  constraint projections_version_check check (version > 0),
  constraint projections_mode_check check (mode in ('inline', 'async')),
  constraint projections_state_check check (
    state in ('paused', 'inactive') or (mode = 'inline' and state in ('behind', 'live')) or (mode = 'async' and state = 'following')
  )
);

create unique index projections_serving_key on :"schema".projections (name) where serving;

-- drop_projection() alone removes a version: once nothing writes it.
create trigger projections_kept
  before delete or truncate on :"schema".projections
  for each statement when (pg_catalog.current_setting('tidemark.dropping', true) is distinct from 'a projection')
  execute function :"schema".refuse_change(
    'appends would cease to write this projection, and nobody would know that it was there', 'Use store.projections.deactivate, or store.projections.drop.');

-- Durable readers of the log. A stream belongs to the shard \`stream id modulo shards\`.
--
-- kind is the kind of follower; owner_name and owner_version name the projection version that a 'projection' follows. Nothing is
-- parsed from a name. A 'consumer' has the name that the user chose and no owner. Every other kind has a name with a control
-- character, which no user's name may contain (follower_name). 'process', 'relay' and 'timer' are reserved.
--
-- While barrier is not null, the number of shards is changing: the old shards work up to the barrier and no further. When all of
-- them have reached it, finish_shards() replaces them by next_shards new ones.
create table :"schema".consumers (
  tenant text collate "C" not null default '',
  name text collate "C" not null,
  kind text collate "C" not null default 'consumer',
  owner_name text collate "C",
  owner_version integer,
  -- The log that it reads: that of events, or the outbox.
  source text not null default 'events',
  shards integer not null default 1,
  barrier bigint,
  next_shards integer,
  paused boolean not null default false,
  -- The reason, author and time of a pause; reason and author if they were given.
  pause_reason text,
  paused_by text,
  paused_at timestamptz(3),
  definition jsonb not null default '{}',
  -- The position it began after, whatever its definition says now: nothing up to here was for it.
  started_after bigint not null default 0,
  created_at timestamptz(3) not null default pg_catalog.clock_timestamp(),
  constraint consumers_pkey primary key (tenant, name),
  constraint consumers_kind_check check (kind in ('consumer', 'projection', 'process', 'relay', 'timer')),
  constraint consumers_source_check check (source in ('events', 'outbox')),
  constraint consumers_owner_check check (
    (owner_name is null) = (kind = 'consumer') and case kind when 'consumer' then owner_version is null when 'projection' then owner_version is not null else true end
  ),
  constraint consumers_shards_check check (shards > 0 and next_shards > 0),
  constraint consumers_barrier_check check ((barrier is null) = (next_shards is null))
);

-- One follower for each owner and tenant.
create unique index consumers_tenant_kind_owner_key on :"schema".consumers (tenant, kind, owner_name, owner_version) nulls not distinct
  where owner_name is not null;

-- A shard's checkpoint and its fence share a row. In two rows, a paused owner could still move the checkpoint after a takeover
-- (write skew). The checkpoint is the last event that was handled or filtered out; its id shows whether the same event is still
-- there.
create table :"schema".consumer_shards (
  id integer not null generated always as identity,
  tenant text collate "C" not null default '',
  consumer text collate "C" not null,
  shard integer not null,
  position bigint not null default 0,
  event_id uuid,
  fence bigint not null default 0,
  constraint consumer_shards_pkey primary key (tenant, consumer, shard),
  constraint consumer_shards_id_key unique (id),
  constraint consumer_shards_consumer_fkey foreign key (tenant, consumer) references :"schema".consumers (tenant, name) on update cascade on delete cascade
);

-- The owner of a shard, its lease by the database's clock, and the shard's state. Separate from the checkpoint, because a heartbeat
-- must not wait for a handler's transaction.
create table :"schema".consumer_leases (
  id integer not null,
  owner text,
  lease_end timestamptz not null default '-infinity',
  heartbeat_at timestamptz(3),
  state text not null default 'stopped',
  details jsonb,
  constraint consumer_leases_pkey primary key (id),
  constraint consumer_leases_shard_fkey foreign key (id) references :"schema".consumer_shards (id) on delete cascade,
  constraint consumer_leases_state_check check (state in ('starting', 'catching-up', 'live', 'retrying', 'paused', 'failed', 'stopped'))
);

-- The workers that share a consumer's shards evenly. liveness_lock is an advisory lock that the worker's process holds while it
-- lives. If it is null, only the lease counts.
create table :"schema".consumer_workers (
  tenant text collate "C" not null default '',
  consumer text collate "C" not null,
  worker text collate "C" not null,
  lease_end timestamptz not null,
  liveness_lock integer,
  constraint consumer_workers_pkey primary key (tenant, consumer, worker),
  constraint consumer_workers_consumer_fkey foreign key (tenant, consumer) references :"schema".consumers (tenant, name) on update cascade on delete cascade
);

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

-- States folded from events, stored so that commands read fewer events. A snapshot never changes a result: its reader checks that
-- its last event is still in its place.
create table :"schema".snapshots (
  tenant text collate "C" not null default '',
  -- What folded it: a decider of one stream, one of several streams, or an aggregate. These may share a name.
  kind text collate "C" not null,
  name text collate "C" not null,
  -- The stream's id. For several streams: the sorted list of their ids, as JSON.
  key text collate "C" not null,
  state_version integer not null,
  -- The fingerprint of the catalogue that the events were read by, '' without one: another may make other events of what is stored.
  catalogue text collate "C" not null default '',
  -- The number of events in it; for one stream, the stream's version.
  version bigint not null,
  -- The last of these events.
  position bigint not null,
  event_id uuid not null,
  -- For several streams: [streamId, version, eventId] of each.
  heads json,
  -- json, not jsonb, which would change the order of keys: a decision may depend on it.
  state json not null,
  -- What JSON cannot express: [[path, null]] is undefined at a path, [[path, path]] the same object at both.
  patches json,
  taken_at timestamptz(3) not null default pg_catalog.clock_timestamp(),
  constraint snapshots_pkey primary key (tenant, kind, name, key, state_version, catalogue),
  constraint snapshots_kind_check check (kind in ('stream', 'streams', 'aggregate'))
);

-- The place of a JSON value in one order of all values, as text to compare by collation "C": what is absent (an SQL null),
-- null, false, true, numbers, texts by code point, then arrays and objects, which are all alike. Conditions, orders and
-- indexes of collections speak of it, so that one index serves them all, in a database of any collation.
-- projections/documents/document-key.ts makes the same text.
--
-- It runs in the caller's search_path, since a SET would cost every row, and so each call in it names its schema.
--
-- A number is the text of its eight bytes as a double, as JavaScript reads it; those of a negative one inverted, so that
-- less is smaller. A text is cut at 150 characters, for a B-tree takes no entry above 2,704 bytes: an order goes no further,
-- and conditions look at the whole text besides.
create function :"schema".document_key(p_value jsonb) returns text
  language plpgsql immutable parallel safe
as $tidemark$
declare
  v_text text;
  v_bytes text;
begin
  case pg_catalog.jsonb_typeof(p_value)
    when 'string' then
      return 's' operator(pg_catalog.||) pg_catalog.left(p_value operator(pg_catalog.#>>) '{}', 150);
    when 'number' then
      v_text := p_value operator(pg_catalog.#>>) '{}';
      -- Only what another program wrote is longer: a double ends at 1.8e308 and begins at 4.9e-324, where a cast would fail.
      if pg_catalog.length(v_text) > 300 then
        v_text := case
          when p_value::numeric operator(pg_catalog.>) 1.7976931348623157e308 then 'Infinity'
          when p_value::numeric operator(pg_catalog.<) -1.7976931348623157e308 then '-Infinity'
          when pg_catalog.abs(p_value::numeric) operator(pg_catalog.<) 4.9406564584124654e-324 then '0'
          else v_text
        end;
      end if;
      v_bytes := pg_catalog.encode(pg_catalog.float8send(v_text::float8), 'hex');
      if pg_catalog.left(v_text, 1) = '-' then
        return 'n0' operator(pg_catalog.||) pg_catalog.translate(v_bytes, '0123456789abcdef', 'fedcba9876543210');
      end if;
      return 'n1' operator(pg_catalog.||) v_bytes;
    when 'null' then
      return 'b';
    when 'boolean' then
      return case when p_value = 'true'::jsonb then 'd' else 'c' end;
    when 'array', 'object' then
      return 't';
    else
      return 'a';
  end case;
end
$tidemark$;

-- Versions of projections that are being built, or were: a row for each follower (of an inline projection the one of tenant '').
--
-- state: 'building', its follower goes through the log; 'checking', what came of it is compared with a fold made another way; 'ready', it
-- may serve; 'failed', the comparison found a difference, which error tells of. way: 'follow', as any follower does, and ready at target;
-- 'fold', in memory, and the builder says when it is ready. swap: 'auto', the first process that finds it ready swaps it in; 'manual', it waits
-- for the call.
create table :"schema".projection_builds (
  name text collate "C" not null,
  version integer not null,
  tenant text collate "C" not null default '',
  state text not null default 'building',
  way text not null default 'follow',
  swap text not null default 'auto',
  -- The position it began after, and the end of the log as it was then.
  started_after bigint not null default 0,
  target bigint not null default 0,
  -- Everything up to here is in it, though its checkpoint may stand before: what comes between is not for it.
  reached bigint,
  -- Once it serves: outside effects of its handlers begin after this position. Up to there the version before had them.
  effects_after bigint,
  -- How many documents are compared, and how fast the log may be read; null: as the library says.
  sample integer,
  events_per_second integer,
  -- In how many parts the log is to be folded, by the hash of streams.
  parts integer not null default 1,
  -- The place where it was split while it had no documents: a part that stands there has none.
  split_after bigint,
  events bigint not null default 0,
  documents bigint not null default 0,
  error jsonb,
  started_at timestamptz(3) not null default pg_catalog.clock_timestamp(),
  built_at timestamptz(3),
  constraint projection_builds_pkey primary key (name, version, tenant),
  constraint projection_builds_state_check check (state in ('building', 'checking', 'ready', 'failed')),
  constraint projection_builds_way_check check (way in ('follow', 'fold')),
  constraint projection_builds_swap_check check (swap in ('auto', 'manual')),
  constraint projection_builds_sample_check check (sample > 0),
  constraint projection_builds_events_per_second_check check (events_per_second > 0),
  constraint projection_builds_parts_check check (parts between 1 and 64)
);

-- Events that will be appended once they are due by the database's clock. The transaction that appends the event deletes the row, or moves
-- a recurring timer to its next due time: so each fires exactly once, and whoever locks the row first, the one that fires it or the one that
-- cancels it, decides which of the two happens.
--
-- Data, metadata and tags are what the event will have: they were checked when the timer was set.
create table :"schema".timers (
  tenant text collate "C" not null default '',
  -- 0: set by the application. Otherwise the id of the process instance that set it.
  owner bigint not null default 0,
  key text collate "C" not null,
  stream text collate "C" not null,
  event_id uuid not null,
  type text collate "C" not null,
  schema_version smallint not null default 1,
  data jsonb not null,
  metadata jsonb,
  tags text[] collate "C",
  due_at timestamptz(3) not null,
  -- Of a recurring timer.
  cron text,
  time_zone text,
  missed text,
  set_at timestamptz(3) not null default pg_catalog.clock_timestamp(),
  -- Of one whose event could not be appended when it was due. next_try_at is 'infinity' once it is parked.
  attempts integer not null default 0,
  next_try_at timestamptz(3),
  error_code text,
  error_message text,
  constraint timers_pkey primary key (tenant, owner, key),
  constraint timers_cron_check check ((cron is null) = (time_zone is null) and (cron is null) = (missed is null)),
  constraint timers_missed_check check (missed in ('once', 'each'))
);

-- A timer that has never failed is in this index alone: setting one costs the same however many are pending.
create index timers_tenant_due_at_idx on :"schema".timers (tenant, due_at, owner, key) where next_try_at is null;

-- Those that failed are tried apart, so that they never stand in front of the others.
create index timers_tenant_next_try_at_idx on :"schema".timers (tenant, next_try_at, owner, key) where next_try_at is not null;

-- Instances of processes. An instance's state is a fold of its inputs, kept beside their number.
--
-- status is where the process stands: it runs, it has completed itself, or an operator has cancelled it. parked says what waits for an
-- operator: an input that the process failed at ('input'; later inputs queue behind it), or a command that failed for good
-- ('command'; later commands wait behind it). handled counts the inputs that are folded into state, inputs those that are recorded,
-- late those that came after the end and were not recorded. hash is a number made of the instance's name: modulo the number of the
-- process's shards it is the shard that the instance belongs to. state_version names the evolve that state was folded by.
create table :"schema".process_instances (
  id bigint not null generated always as identity,
  tenant text collate "C" not null default '',
  process text collate "C" not null,
  version integer not null,
  instance text collate "C" not null,
  hash integer not null,
  status text collate "C" not null default 'running',
  parked text collate "C",
  state jsonb not null,
  state_version integer not null,
  handled integer not null default 0,
  inputs integer not null default 0,
  late integer not null default 0,
  error jsonb,
  retry_requested boolean not null default false,
  created_at timestamptz(3) not null default pg_catalog.clock_timestamp(),
  updated_at timestamptz(3) not null default pg_catalog.clock_timestamp(),
  ended_at timestamptz(3),
  constraint process_instances_pkey primary key (id),
  constraint process_instances_tenant_process_instance_key unique (tenant, process, instance),
  constraint process_instances_status_check check (status in ('running', 'completed', 'cancelled')),
  constraint process_instances_parked_check check (parked in ('input', 'command')),
  constraint process_instances_handled_check check (handled between 0 and inputs),
  constraint process_instances_ended_at_check check ((ended_at is null) = (status = 'running'))
);

-- Pages of one process's instances: of one status, or of each, merged. Those that are parked are few. Partial, so that no look for a name can
-- take one of these for the unique key.
create index process_instances_running_idx on :"schema".process_instances (tenant, process, id) where status = 'running';
create index process_instances_ended_idx on :"schema".process_instances (tenant, process, status, id) where status <> 'running';
create index process_instances_parked_idx on :"schema".process_instances (tenant, process, id) where parked is not null;

-- Read at every heartbeat.
create index process_instances_retry_requested_idx on :"schema".process_instances (tenant, process) where retry_requested;

-- What is kept no longer.
create index process_instances_ended_at_idx on :"schema".process_instances (tenant, process, ended_at) where ended_at is not null;

-- The inputs of each instance: its own stream of events, by their positions in the log. No copies. No foreign key, nor of process_commands:
-- the statement that inserts both writes the instance too, and its check would lock a row for each. "verify" finds rows without an instance.
create table :"schema".process_inputs (
  instance_id bigint not null,
  number integer not null,
  position bigint not null,
  constraint process_inputs_pkey primary key (instance_id, number)
);

-- What inputs led to that is issued after their transaction: commands, and appends. path is the effect's place in what react returned,
-- with the places in what orElse returned behind it; within one instance (input, path) is the order of issue. payload is what is
-- issued, whatever the code returns later. state_number tells which state orElse was called with.
create table :"schema".process_commands (
  id bigint not null generated always as identity,
  tenant text collate "C" not null,
  process text collate "C" not null,
  version integer not null,
  instance_id bigint not null,
  hash integer not null,
  input integer not null,
  path integer[] not null,
  kind text collate "C" not null,
  stream text collate "C",
  payload jsonb not null,
  status text collate "C" not null default 'pending',
  attempts integer not null default 0,
  due_at timestamptz not null default pg_catalog.clock_timestamp(),
  error jsonb,
  state_number integer,
  settled_at timestamptz(3),
  constraint process_commands_pkey primary key (instance_id, input, path),
  constraint process_commands_id_key unique (id),
  constraint process_commands_kind_check check (kind in ('command', 'append')),
  constraint process_commands_status_check check (status in ('pending', 'done', 'refused', 'parked', 'cancelled'))
);

-- What is to be issued next. Done ones, by and by nearly all, cost this index nothing.
create index process_commands_due_idx on :"schema".process_commands (tenant, process, version, due_at, id) where status = 'pending';

-- The versions of each process. A version starts the instances whose first input comes after starts_after, up to starts_until; an instance
-- stays with the version that started it. Null: it starts those of today, as one version of each process does.
create table :"schema".process_versions (
  tenant text collate "C" not null default '',
  process text collate "C" not null,
  version integer not null,
  starts_after bigint not null,
  starts_until bigint,
  registered_at timestamptz(3) not null default pg_catalog.clock_timestamp(),
  constraint process_versions_pkey primary key (tenant, process, version),
  constraint process_versions_range_check check (starts_until >= starts_after)
);

create unique index process_versions_open_key on :"schema".process_versions (tenant, process) where starts_until is null;

-- Whether events are chained, and since when: empty, or one row. Every event after this position carries a hash of itself and of the
-- event before it in its stream (events.hash). schema/event-chain.ts writes the row, and creates the trigger events_chain with it: a
-- store that does not choose a chain has no trigger that its appends would pay for.
create table :"schema".event_chain (
  only_row boolean not null default true,
  position bigint not null,
  begun_at timestamptz(3) not null default pg_catalog.clock_timestamp(),
  constraint event_chain_pkey primary key (only_row),
  constraint event_chain_only_row_check check (only_row)
);

create trigger event_chain_kept
  before update or delete or truncate on :"schema".event_chain
  for each statement execute function :"schema".refuse_change('nobody would know which events carry a hash', 'Leave this row to the library.');

-- What an event's hash is made of. operations/verify/chain-sql.ts computes it, too, and does not trust this function. What is hashed never
-- changes: every event since would have to be hashed again. A function in SQL becomes a part of the statement that calls it, as long as it is not
-- declared to be more constant than what it calls and has no \`set search_path\`. So every name is qualified, and every operand has the exact type of an
-- operator of pg_catalog.
create function :"schema".hash_event(
  p_before bytea, p_id uuid, p_position bigint, p_version bigint, p_recorded_at timestamptz, p_schema_version smallint,
  p_tenant text, p_type text, p_data jsonb, p_metadata jsonb, p_tags text[]
) returns bytea
  language sql stable
as $tidemark$
  select pg_catalog.sha256(
    p_before || pg_catalog.uuid_send(p_id) || pg_catalog.int8send(p_position) || pg_catalog.int8send(p_version)
    || pg_catalog.timestamptz_send(p_recorded_at) || pg_catalog.int2send(p_schema_version)
    || pg_catalog.convert_to(
         p_tenant || pg_catalog.chr(30) || p_type || pg_catalog.chr(30) || p_data::text || pg_catalog.chr(30)
         || coalesce(p_metadata::text, '') || pg_catalog.chr(30) || coalesce(p_tags::text, ''), 'UTF8'::name))
$tidemark$;

-- The hash of an event that is inserted without one, whoever inserts it: append_singles() and append_many() make those of most events, in a third of the time. An event is inserted once the row
-- of its stream is locked, so that the event before it is there; one that the same statement inserts is seen, too, since the function is volatile. A
-- stream's first event with a hash stands on the hash of the stream's name. Without \`set search_path\`, which would cost each event a microsecond.
create function :"schema".chain_event() returns trigger
  language plpgsql
as $tidemark$
declare
  v_before bytea;
begin
  if new.version > 1::bigint then
    select e.hash into v_before from :"schema".events as e where e.stream_id = new.stream_id and e.version = new.version - 1::bigint;
  end if;
  if v_before is null then
    select pg_catalog.sha256(pg_catalog.convert_to(s.name, 'UTF8'::name)) into v_before from :"schema".streams as s where s.id = new.stream_id;
  end if;
  new.hash := :"schema".hash_event(
    v_before, new.id, new.position, new.version, new.recorded_at, new.schema_version, new.tenant, new.type, new.data, new.metadata, new.tags);
  return new;
end
$tidemark$;

-- Messages of brokers that were received. The transaction that handles a message inserts its id first: another one that receives it
-- meanwhile waits at the key, and finds the row, or its absence if the first was rolled back.
create table :"schema".inbox (
  tenant text collate "C" not null default '',
  message_id text collate "C" not null,
  received_at timestamptz(3) not null default pg_catalog.clock_timestamp(),
  -- Until then a message of this id is not handled again.
  forget_at timestamptz(3) not null,
  constraint inbox_pkey primary key (tenant, message_id)
);

create index inbox_forget_at_idx on :"schema".inbox (forget_at);

-- Messages that are no events, written by the transactions that publish them, for relays. A position is drawn from the sequence of
-- the log, behind the same floor (publish_message, hold_floor): so the mark of the log covers messages, too, and no position belongs
-- to an event and to a message. A message is removed once every relay has published it and it is old (forget_messages); the last one
-- that a relay has passed stays, for its checkpoint.
create table :"schema".outbox (
  position bigint not null,
  id uuid not null,
  tenant text collate "C" not null default '',
  topic text collate "C" not null,
  key text collate "C" not null,
  payload jsonb not null,
  headers jsonb,
  published_at timestamptz(3) not null default pg_catalog.clock_timestamp(),
  constraint outbox_pkey primary key (position),
  constraint outbox_tenant_id_key unique (tenant, id)
);

-- What people changed in the running of the store: written before the change is made, and settled after it. An entry that stays 'begun'
-- is of a change whose process died, or that is being made. Apart from the log, which belongs to the application.
create table :"schema".audit_entries (
  tenant text collate "C" not null default '',
  -- The order in which they began.
  number bigint not null generated always as identity,
  -- Of the caller's: a change that is asked for twice is found by it.
  id uuid not null,
  action text collate "C" not null,
  subject text collate "C" not null,
  parameters jsonb,
  actor text collate "C",
  role text collate "C",
  reason text,
  state text not null default 'begun',
  error text,
  begun_at timestamptz(3) not null default pg_catalog.clock_timestamp(),
  settled_at timestamptz(3),
  constraint audit_entries_pkey primary key (tenant, number),
  constraint audit_entries_tenant_id_key unique (tenant, id),
  constraint audit_entries_state_check check (state in ('begun', 'done', 'failed')),
  constraint audit_entries_settled_at_check check ((state = 'begun') = (settled_at is null)),
  constraint audit_entries_error_check check ((state = 'failed') = (error is not null))
);
`,
  },
];

/** A function comes after those it calls. */
export const functionTexts: readonly FunctionText[] = [
  {
    name: "lock_number",
    text: `-- The low 32 bits of a number as the signed integer that advisory locks take. Its body is parsed when it is created, and no
-- search_path changes it afterwards.
create function :"schema".lock_number(p_number bigint) returns integer
  language sql immutable strict parallel safe
return (((p_number operator(pg_catalog.&) 4294967295) operator(pg_catalog.#) 2147483648) operator(pg_catalog.-) 2147483648)::integer;
`,
  },
  {
    name: "projection_number",
    text: `-- The advisory lock of an inline projection's writers, in the class of the gate (the OID of projections), whose own number is 0.
create function :"schema".projection_number(p_follower text) returns integer
  language sql immutable strict parallel safe
return :"schema".lock_number(pg_catalog.hashtextextended(p_follower, 0));
`,
  },
  {
    name: "enter_gate",
    text: `-- Takes the gate, shared, until the transaction ends, for an append inside a transaction of the caller's, and before it what says
-- that the append writes these inline projections: their followers, joined by U+001E; null where it writes none. False, and
-- all of it is free again, where the projections' epoch is another than p_epoch: the caller reads the registry again, and may
-- have to change it, which waits for everybody at the gate.
--
-- Under REPEATABLE READ and SERIALIZABLE the epoch is as old as the snapshot; FOR SHARE fails (40001) where it changed since.
create function :"schema".enter_gate(p_epoch bigint, p_writes text default null) returns boolean
  language plpgsql
as $tidemark$
declare
  v_epoch bigint;
begin
  if p_writes is not null then
    perform pg_advisory_xact_lock_shared(:"schema".lock_number(:regclass(projections)::oid::bigint), :"schema".projection_number(follower))
       from unnest(string_to_array(p_writes, chr(30))) as follower;
  end if;
  perform pg_advisory_xact_lock_shared(:"schema".lock_number(:regclass(projections)::oid::bigint), 0);
  if current_setting('transaction_isolation') in ('read committed', 'read uncommitted') then
    select e.epoch into v_epoch from :"schema".projection_epoch as e where e.only_row;
  else
    select e.epoch into v_epoch from :"schema".projection_epoch as e where e.only_row for share;
  end if;
  if v_epoch is distinct from p_epoch then
    raise exception using errcode = 'TM007';
  end if;
  return true;
exception
  when sqlstate 'TM007' then
    return false;
end
$tidemark$;
`,
  },
  {
    name: "expectation_met",
    text: `-- Whether a stream is where an append expects it: the only place with this rule, for every way to append. PostgreSQL inlines the body
-- into the calling statements, so it costs nothing.
--
--   p_expected  >= 0 exactly this version, or an \`expected\` of codes.ts
--   p_version   where the stream is, 0: it has no events
--   p_position  its last event's; where it was written just now, and its position is not drawn yet, what is greater than all positions
create function :"schema".expectation_met(p_expected bigint, p_version bigint, p_position bigint) returns boolean
  language sql immutable parallel safe
return case
  when p_expected >= 0 then p_version = p_expected
  when p_expected = -2 then p_version > 0
  when p_expected <= -10 then p_position <= -10 - p_expected
  else true
end;
`,
  },
  {
    name: "rarest_tag",
    text: `-- Of these tags one that few events after p_after carry, to look through those for what carries all: counted to 100, for more
-- makes no difference. The first where all are alike. To be called from functions with the settings of append_many, which
-- keep its plan.
create function :"schema".rarest_tag(p_tenant text, p_tags text[], p_after bigint) returns text
  language sql stable
as $tidemark$
  select tag
    from unnest(p_tags) with ordinality as each (tag, n)
   cross join lateral (
     select count(*) as events
       from (
         select from :"schema".event_tags as t
          where t.tenant = p_tenant and t.tag = each.tag and t.position > p_after
          order by t.position
          limit 100
       ) as carrying
   ) as counted
   order by events, n
   limit 1;
$tidemark$;
`,
  },
  {
    name: "failed_conditions",
    text: `-- Which of these conditions fail: those with other matching events after their boundary than were seen when it was read. Called in a
-- statement after take_claims, so it sees every event that was in flight. The number of committed events that match a query only
-- grows, so the number alone shows whether they are the same events.
--
--   p_tenant          of all; p_tenants of each owner, null: all are p_tenant
--   p_condition, p_types, p_tags   as in take_claims
--   p_after, p_above  of each item, the same for those of one owner: the boundary's position, and how many matching events
--                     were seen above it
--
-- Returns of each owner whose condition fails [stream, type, position, how many matching events were found]: the first event
-- that is one too many, or nulls where there are fewer than were seen, which is a boundary of another query or store.
-- Null: no condition fails.
create function :"schema".failed_conditions(
  p_tenant text, p_tenants text[], p_condition integer[], p_types text, p_tags text, p_after bigint[], p_above integer[]
) returns jsonb
  language sql stable
as $tidemark$
  with item as (
    select owner, coalesce(p_tenants[owner], p_tenant) as tenant, after, above,
           string_to_array(nullif(types, ''), chr(31)) as types, string_to_array(nullif(tags, ''), chr(31)) as tags
      from unnest(p_condition, string_to_array(p_types, chr(30)), string_to_array(p_tags, chr(30)), p_after, p_above)
           as item (owner, types, tags, after, above)
  ), found as (
    select owner, above, array_agg(distinct position order by position) filter (where position is not null) as positions
      from item
      left join lateral (
        (
          select t.position
            from :"schema".event_tags as t
           cross join lateral (
             select from :"schema".events as e
              where e.position = t.position
                and (item.types is null or e.type = any (item.types))
                and (cardinality(item.tags) = 1 or e.tags @> item.tags)
             offset 0
           ) as e
           where item.tags is not null
             and t.tenant = item.tenant
             and t.tag = case when cardinality(item.tags) = 1 then item.tags[1] else :"schema".rarest_tag(item.tenant, item.tags, item.after) end
             and t.position > item.after
           order by t.position
           limit item.above + 1
        )
        union all
        (
          select e.position
            from :"schema".events as e
           where item.tags is null
             and e.position > item.after
             -- Not to be looked up by: the index on ids begins with the tenant too, and would be read to its end.
             and coalesce(e.tenant = item.tenant, false)
             and (item.types is null or e.type = any (item.types))
           order by e.position
           limit item.above + 1
        )
      ) as matching on true
     group by owner, above
  )
  select jsonb_object_agg(owner, jsonb_build_array(stream.name, event.type, event.position::text, coalesce(cardinality(positions), 0)::text))
    from found
    left join :"schema".events as event on event.position = positions[above + 1]
    left join :"schema".streams as stream on stream.id = event.stream_id
   where coalesce(cardinality(positions), 0) <> above;
$tidemark$;
`,
  },
  {
    name: "refuse_sequence",
    text: `-- Raises TM002: the position sequence stands behind the log (a partial restore, setval, logical replication). An append would fill
-- old gaps, below every reader's checkpoint, and a reader would take the log to end where the sequence does.
create function :"schema".refuse_sequence(p_last bigint, p_log bigint) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  raise exception 'the position sequence is at %, but the log reaches %', p_last, p_log
    using errcode = 'TM002',
      detail = json_build_object('sequence', p_last, 'log', p_log)::text,
      hint = format('Run: select setval(%L, %s)', :regclass(events_position_seq)::text, p_log);
end
$tidemark$;
`,
  },
  {
    name: "hold_floor",
    text: `-- Publishes "I may write positions above this", until the transaction ends: a shared advisory lock, class = the OID of the
-- position sequence, object = the low 32 bits of the floor. The reader's half is high_water_mark().
--
-- pg_sequence_last_value, never \`select last_value\`: that one reads the page while nextval holds a value up to 32 ahead
-- in it, and a floor that is too high loses events.
-- A transaction of many appends remembers its first floor and takes the same lock again; a lock for each append would
-- exhaust the server's lock table. A lower floor is always safe, so it does not matter how the setting got out of step.
--
-- Refuses when the sequence stands behind the log (refuse_sequence). The log is read in the statement's snapshot, which is older
-- than the look at the sequence, so that a sequence in order is never found behind.
--
-- p_epoch: the projections' epoch that the caller knows. Where it is another one, nothing is published and null returned. The
-- gate was taken by an earlier statement, so that the epoch cannot change behind this look. Null: not compared.
create function :"schema".hold_floor(p_epoch bigint default null) returns bigint
  language plpgsql
as $tidemark$
declare
  v_log bigint;
  v_last bigint;
  v_floor bigint;
  v_epoch bigint;
  v_kept text;
begin
  select (select position from :"schema".events order by position desc limit 1),
         coalesce(pg_sequence_last_value(:regclass(events_position_seq)), 0),
         nullif(current_setting('tidemark.floor_' || :regclass(events_position_seq)::oid, true), '')::bigint,
         (select epoch from :"schema".projection_epoch where only_row)
    into v_log, v_last, v_floor, v_epoch;
  if p_epoch <> v_epoch then
    return null;
  end if;
  if v_log > v_last then
    perform :"schema".refuse_sequence(v_last, v_log);
  end if;
  v_floor := least(v_floor, v_last);
  -- An expression, where PERFORM would be a statement with a plan to start.
  v_kept := case
    when pg_advisory_xact_lock_shared(
           :"schema".lock_number(:regclass(events_position_seq)::oid::bigint), :"schema".lock_number(v_floor)) is not null
      then set_config('tidemark.floor_' || :regclass(events_position_seq)::oid, v_floor::text, true)
  end;
  return v_floor;
end
$tidemark$;
`,
  },
  {
    name: "keep_event_ids",
    text: `-- Of a log in partitions: keeps the ids of these events where one index sees them all. Each leaf has an index of its own on ids, so
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
`,
  },
  {
    name: "find_streams",
    text: `-- Locks the rows of some streams in the order given, which the caller keeps by (tenant, name), so that two batches never
-- wait for each other in a ring. Returns their ids: 0 where there is no such stream, -1 where another transaction holds
-- the row and p_skip_locked.
create function :"schema".find_streams(p_tenants text[], p_names text[], p_skip_locked boolean) returns bigint[]
  language plpgsql
as $tidemark$
begin
  if not p_skip_locked then
    return (
      select array_agg(coalesce(stream.id, 0) order by slot)
        from unnest(p_tenants, p_names) with ordinality as wanted (tenant, name, slot)
        left join lateral (
          select id from :"schema".streams as s where s.tenant = wanted.tenant and s.name = wanted.name for no key update
        ) as stream on true
    );
  end if;
  return (
    select array_agg(coalesce(free.id, case when stream.id is not null then -1 end, 0) order by slot)
      from unnest(p_tenants, p_names) with ordinality as wanted (tenant, name, slot)
      left join lateral (
        select id from :"schema".streams as s where s.tenant = wanted.tenant and s.name = wanted.name for no key update skip locked
      ) as free on true
      left join lateral (
        select id from :"schema".streams as s where s.tenant = wanted.tenant and s.name = wanted.name
      ) as stream on true
  );
end
$tidemark$;
`,
  },
  {
    name: "lock_streams",
    text: `-- find_streams, and creates the streams that may be new. p_all_new: every one of them was created here.
--
--   p_kinds  of each stream a \`slot\` of codes.ts: present, it has to exist (an append to an absent one cannot pass); either; newcomer,
--            it is expected to be new
--
-- A stream that is only read and does not exist gets its row too, or another append could create it behind this one.
create function :"schema".lock_streams(
  p_tenants text[], p_names text[], p_kinds integer[], p_skip_locked boolean,
  out p_streams bigint[], out p_all_new boolean
)
  language plpgsql
as $tidemark$
declare
  v_absent integer[];
  v_created bigint[];
begin
  p_all_new := false;
  if 2 = all (p_kinds) then
    p_streams := array_fill(0::bigint, array[cardinality(p_kinds)]);
  else
    p_streams := :"schema".find_streams(p_tenants, p_names, p_skip_locked);
  end if;

  select array_agg(slot order by slot)
    into v_absent
    from unnest(p_streams, p_kinds) with ordinality as wanted (id, kind, slot)
   where id = 0 and kind <> 0;
  if v_absent is null then
    return;
  end if;

  -- Waits where another transaction is creating the same stream; lock_timeout bounds it, SKIP LOCKED does not cover it.
  with created as (
    insert into :"schema".streams (tenant, name)
    select tenant, name
      from unnest(p_tenants, p_names, p_kinds, p_streams) with ordinality as wanted (tenant, name, kind, id, slot)
     where id = 0 and kind <> 0
     order by slot
    on conflict on constraint streams_tenant_name_key do nothing
    returning id
  )
  select array_agg(id order by id) into v_created from created;

  if cardinality(v_created) = cardinality(p_names) then
    p_streams := v_created;
    p_all_new := true;
  elsif cardinality(v_created) = cardinality(v_absent) then
    for i in 1 .. cardinality(v_absent) loop
      p_streams[v_absent[i]] := v_created[i];
    end loop;
  else
    -- Some were created by others since the look-up: a new statement sees them, and those of ours.
    p_streams := :"schema".find_streams(p_tenants, p_names, p_skip_locked);
  end if;
end
$tidemark$;
`,
  },
  {
    name: "refuse_stale_look",
    text: `-- Fails (23505 on events_stream_id_version_key) where a stream has an event after p_version that the snapshot of this transaction
-- does not show. The caller holds the stream's row, so that nothing comes after this look.
--
-- For REPEATABLE READ and SERIALIZABLE: an append that writes to a stream meets what it cannot see at that index. One that only
-- reads the stream would not, and locking a row that no session changes raises no error. So it tries to write the next event, and
-- undoes that at once. What it writes is the event before it once more, so that a CHECK of the user's lets it pass.
create function :"schema".refuse_stale_look(p_stream bigint, p_version bigint) returns void
  language plpgsql
as $tidemark$
begin
  insert into :"schema".events (position, stream_id, version, id, recorded_at, tenant, type, data, metadata, tags)
  select -p_stream, p_stream, p_version + 1, gen_random_uuid(), clock_timestamp(), coalesce(e.tenant, ''), coalesce(e.type, ''), coalesce(e.data, '{}'),
         e.metadata, e.tags
    from (select) as nothing
    left join :"schema".events as e on e.stream_id = p_stream and e.version = p_version;
  if not found then
    raise exception 'a trigger keeps events out of the log, so that a stream cannot be checked under %', upper(current_setting('transaction_isolation'))
      using errcode = 'TM001';
  end if;
  raise exception using errcode = 'TM008';
exception
  when sqlstate 'TM008' then
    null;
end
$tidemark$;
`,
  },
  {
    name: "refuse_unseen_events",
    text: `-- Of a log in partitions, for REPEATABLE READ and SERIALIZABLE: fails (40001) where a leaf holds what the snapshot of this transaction
-- does not show: an event of the stream after p_version, or one with an id of these. The caller holds the stream's row, so that
-- nothing of the stream comes after this look. Where the log is one table, its indexes refuse what is written, and
-- refuse_stale_look() looks for what is only read.
--
-- A leaf's index sees what a snapshot does not. So each leaf is asked by trying to write there, with ON CONFLICT on that index, which
-- is looked at first; whatever comes after it is undone. What is written is the stream's last event once more, so that a CHECK of
-- the user's lets it pass.
--
--   p_version, p_position  the stream's last event: leaves that end before it hold nothing after it
--   p_ids                  null: they are not looked at
create function :"schema".refuse_unseen_events(p_stream bigint, p_version bigint, p_position bigint, p_tenant text, p_ids uuid[]) returns void
  language plpgsql
as $tidemark$
declare
  v_last record;
  v_try record;
  v_written integer;
begin
  select e.type, e.data, e.metadata, e.tags
    into v_last
    from (select) as nothing
    left join :"schema".events as e on e.position = p_position;
  for v_try in
    -- By the cache of relations and not by the catalogue, which is as old as the snapshot: a leaf may be newer.
    select leaf.relid::regclass::text as leaf, coalesce(substring(leaf.bounds from '>= ''([0-9]+)''')::bigint, -p_stream) as position, key.*
      from (select relid, pg_get_partition_constraintdef(relid) as bounds from pg_partition_tree(:regclass(events)) where isleaf) as leaf
     cross join lateral (
       select 'stream_id, version' as columns, p_version + 1 as version, gen_random_uuid() as id
        where coalesce(substring(leaf.bounds from '< ''([0-9]+)''')::bigint > p_position, true)
       union all
       select 'tenant, id', -1, id from unnest(p_ids) as id
     ) as key
  loop
    begin
      execute format(
        'insert into %s (position, stream_id, version, id, recorded_at, tenant, type, data, metadata, tags) '
          'values ($1, $2, $3, $4, clock_timestamp(), $5, $6, $7, $8, $9) on conflict (%s) do nothing', v_try.leaf, v_try.columns)
        using v_try.position, p_stream, v_try.version, v_try.id, p_tenant, coalesce(v_last.type, ''), coalesce(v_last.data, '{}'), v_last.metadata, v_last.tags;
      get diagnostics v_written = row_count;
      if v_written = 0 then
        raise exception 'a trigger keeps events out of the log, so that a stream cannot be checked under %', upper(current_setting('transaction_isolation'))
          using errcode = 'TM001';
      end if;
      raise exception using errcode = 'TM008';
    exception
      -- The position may be taken.
      when sqlstate 'TM008' or unique_violation then
        null;
    end;
  end loop;
end
$tidemark$;
`,
  },
  {
    name: "repeated_events",
    text: `-- Which appends of a batch were written before: by the ids of their events, looked up after the stream rows are locked and
-- before expectations. The same ids with the same type, data and tags in the same stream are a retry and get the first
-- result (1); ids with other content, in another stream, or only a part of an append are duplicates (3), told in detail.
-- Metadata is not compared: traces differ between tries. Verdicts are by part and the same for all parts of an append.
create function :"schema".repeated_events(
  p_tenants text[], p_streams bigint[], p_append integer[], p_slot integer[], p_counts integer[],
  p_part integer[], p_place integer[], p_ids uuid[], p_types text[], p_data text[], p_tags text[],
  out verdicts integer[], out versions bigint[], out positions bigint[], out detail jsonb
)
  language plpgsql
as $tidemark$
declare
  v_event record;
  v_found integer[] := array_fill(0, array[cardinality(p_append)]);     -- by append: events whose id is there
  v_wanted integer[] := array_fill(0, array[cardinality(p_append)]);    -- by append: events
  v_first bigint[] := array_fill(null::bigint, array[cardinality(p_append)]); -- by append: the position of its first event
begin
  verdicts := array_fill(0, array[cardinality(p_append)]);
  versions := array_fill(0::bigint, array[cardinality(p_append)]);
  positions := versions;
  detail := '{}';

  for v_event in
    select wanted.part, wanted.id, event.version, event.position,
           case
             when event.stream_id <> p_streams[p_slot[wanted.part]] then 'in another stream'
             when event.type <> wanted.type then 'with another type'
             when event.data <> wanted.data::jsonb then 'with other data'
             when coalesce(event.tags, '{}') <> coalesce(string_to_array(nullif(wanted.tags, ''), chr(31)), '{}') then 'with other tags'
             when event.version - wanted.place <> coalesce(lag(event.version - wanted.place) over (partition by wanted.part order by n), event.version - wanted.place) then 'in another order'
           end as difference
      from unnest(p_part, p_place, p_ids, p_types, p_data, p_tags) with ordinality as wanted (part, place, id, type, data, tags, n)
     cross join lateral (
       select stream_id, version, position, type, data, tags
         from :"schema".events as e
        where e.tenant = p_tenants[p_slot[wanted.part]] and e.id = wanted.id
     ) as event
     order by n
  loop
    v_found[p_append[v_event.part]] := v_found[p_append[v_event.part]] + 1;
    versions[v_event.part] := v_event.version;
    positions[v_event.part] := v_event.position;
    v_first[p_append[v_event.part]] := least(v_first[p_append[v_event.part]], v_event.position);
    if not detail ? p_append[v_event.part]::text and v_event.difference is not null then
      detail := detail || jsonb_build_object(p_append[v_event.part]::text, jsonb_build_array(v_event.id, v_event.difference));
    end if;
  end loop;
  if 0 = all (v_found) then
    return;
  end if;

  for i in 1 .. cardinality(p_append) loop
    v_wanted[p_append[i]] := v_wanted[p_append[i]] + p_counts[i];
  end loop;
  for i in 1 .. cardinality(p_append) loop
    if v_found[p_append[i]] > 0 then
      if v_found[p_append[i]] < v_wanted[p_append[i]] and not detail ? p_append[i]::text then
        detail := detail || jsonb_build_object(p_append[i]::text, jsonb_build_array(
          (select id from unnest(p_part, p_ids) as wanted (part, id)
            where p_append[part] = p_append[i]
              and exists (select from :"schema".events as e where e.tenant = p_tenants[p_slot[part]] and e.id = wanted.id)
            limit 1),
          'with only a part of this append'));
      end if;
      verdicts[i] := case when detail ? p_append[i]::text then 3 else 1 end;
      -- A stream that was only read was locked, so what stood in it then has lower positions, and what came since has higher ones.
      if verdicts[i] = 1 and p_counts[i] = 0 then
        select e.version, e.position
          into v_event
          from :"schema".events as e
         where e.stream_id = p_streams[p_slot[i]] and e.position < v_first[p_append[i]]
         order by e.version desc
         limit 1;
        versions[i] := coalesce(v_event.version, 0);
        positions[i] := coalesce(v_event.position, 0);
      end if;
    end if;
  end loop;
end
$tidemark$;
`,
  },
  {
    name: "claim_number",
    text: `-- The claim on a tag or a type of a tenant, whose text was hashed to p_seed: an advisory lock of class event_tags or events.
-- 32 bits, so that names that have nothing to do with each other hardly ever share one.
create function :"schema".claim_number(p_name text, p_seed integer) returns integer
  language sql immutable strict parallel safe
return :"schema".lock_number(pg_catalog.hashtextextended(p_name, p_seed::bigint));
`,
  },
  {
    name: "claims_of_conditions",
    text: `-- The claims of conditions, and whose they are, with the parameters of take_claims: exclusive, but for the bulk claim.
create function :"schema".claims_of_conditions(p_seeds integer[], p_condition integer[], p_types text, p_tags text)
  returns table (owner integer, class integer, number integer, exclusive boolean)
  language sql immutable
as $tidemark$
  with item as (
    select owner, p_seeds[least(owner, cardinality(p_seeds))] as seed, nullif(types, '') as types, nullif(tags, '') as tags
      from unnest(p_condition, string_to_array(p_types, chr(30)), string_to_array(p_tags, chr(30))) as item (owner, types, tags)
  )
  select owner, :"schema".lock_number(:regclass(event_tags)::oid::bigint), :"schema".claim_number(split_part(tags, chr(31), 1), seed), true
    from item
   where tags is not null
  union all
  select owner, :"schema".lock_number(:regclass(events)::oid::bigint), :"schema".claim_number(type, seed), true
    from item
   cross join lateral unnest(string_to_array(types, chr(31))) as type
   where tags is null
  union all
  select owner, :"schema".lock_number(:regclass(streams)::oid::bigint), seed, true from item where tags is null and types is null
  union all
  select owner, :"schema".lock_number(:regclass(streams)::oid::bigint), 0, false from item;
$tidemark$;
`,
  },
  {
    name: "claims_of_events",
    text: `-- The claims of events, and whose they are, with the parameters of take_claims: shared.
create function :"schema".claims_of_events(p_seeds integer[], p_append integer[], p_part integer[], p_types text, p_tags text)
  returns table (owner integer, class integer, number integer, exclusive boolean)
  language sql immutable
as $tidemark$
  with event as (
    select owner, p_seeds[least(owner, cardinality(p_seeds))] as seed, type, tags
      from (
        select coalesce(p_append[part], part, n::integer) as owner, type, tags
          from unnest(p_part, string_to_array(p_types, chr(30)), string_to_array(p_tags, chr(30))) with ordinality as event (part, type, tags, n)
      ) as owned
  )
  select owner, :"schema".lock_number(:regclass(events)::oid::bigint), :"schema".claim_number(type, seed), false from event
  union all
  select owner, :"schema".lock_number(:regclass(streams)::oid::bigint), seed, false from event
  union all
  select owner, :"schema".lock_number(:regclass(event_tags)::oid::bigint), :"schema".claim_number(tag, seed), false
    from event
   cross join lateral unnest(string_to_array(nullif(tags, ''), chr(31))) as tag;
$tidemark$;
`,
  },
  {
    name: "lock_budget",
    text: `-- Whether this transaction may take p_count more advisory locks. If not, it takes one lock that covers all of them.
--
-- All transactions of a server share one lock table, of max_locks_per_transaction × (max_connections + max_prepared_transactions)
-- locks, and a full one fails unrelated sessions too (53200). So the transactions of a store fill no more than about the whole of it even
-- where each connection has one: a few locks each, half of max_locks_per_transaction, and with a ticket 512. There are as many
-- tickets as fit into half the table; each is an advisory lock too, of the class of the OID of streams_pkey.
--
-- The count is kept for the transaction, and goes back with its savepoints as the locks do. It counts what is asked for, also what
-- is held already; before that is too much, pg_locks tells.
create function :"schema".lock_budget(p_count integer) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  c_setting constant text := 'tidemark.locks_' || :regclass(events)::oid;
  c_most constant integer := 512;
  v_each constant integer := current_setting('max_locks_per_transaction')::integer;
  v_few constant integer := v_each / 2;
  v_held integer := coalesce(nullif(current_setting(c_setting, true), ''), '0')::integer;
  v_ticketed boolean := v_held > v_few;
  v_tickets integer;
begin
  if v_held > 0 and v_held + p_count > (case when v_ticketed then c_most else v_few end) then
    v_held := (select count(*) from pg_catalog.pg_locks where pid = pg_backend_pid() and locktype = 'advisory');
    -- One that has its ticket keeps the mark of it.
    if v_ticketed then
      v_held := greatest(v_held, v_few + 1);
    end if;
  end if;
  if v_held + p_count > c_most then
    return false;
  end if;
  if v_held + p_count > v_few and not v_ticketed then
    v_tickets := greatest(1, v_each * (current_setting('max_connections')::integer + current_setting('max_prepared_transactions')::integer) / 2 / c_most);
    for i in 1 .. v_tickets loop
      v_ticketed := pg_try_advisory_xact_lock(:"schema".lock_number(:regclass(streams_pkey)::oid::bigint), i);
      exit when v_ticketed;
    end loop;
    if not v_ticketed then
      return false;
    end if;
  end if;
  perform set_config(c_setting, (v_held + p_count)::text, true);
  return true;
end
$tidemark$;
`,
  },
  {
    name: "take_claims",
    text: `-- Takes the claims of appends: advisory locks that keep conditions true until they commit. An append that writes takes shared ones,
-- on each tag and each type of its events and on the tenant. A condition takes, for each item of its query, an exclusive one
-- on the item's first tag (all must match, so one is enough), without tags on each of its types, and without either on the
-- tenant: so no event that it rules out is in flight, and none can come, while it is looked for in a statement after this one.
--
-- Classes: OID of event_tags for tags, of events for types, of streams for tenants. In the last one, 0 is the bulk claim: an
-- append that needs more shared ones than lock_budget() allows takes it exclusively instead, and conditions take it shared; a
-- condition with more than 32 of its own then takes its tenant. Thousands of locks would exhaust the server's lock table, also for
-- unrelated sessions.
--
--   p_seeds          hashtext of the tenant of each owner; one for all
--   p_append         owner of each part; null: a part is an owner
--   p_part           part of each event; null: 1, 2, 3 …
--   p_types, p_tags  of each event, as in append_many
--   p_condition      owner of each item of a condition; null: no conditions
--   p_condition_types, p_condition_tags
--                    of each item, joined by U+001E, the names of one by U+001F; '' is none
--   p_wait           wait, in an order that is the same for all; else only try: a waiting exclusive lock stops everyone
--                    behind it, batch by batch
--
-- Returns the owners that another transaction keeps from their claims; null: none. What was taken is kept all the same.
create function :"schema".take_claims(
  p_seeds integer[], p_append integer[], p_part integer[], p_types text, p_tags text,
  p_condition integer[], p_condition_types text, p_condition_tags text, p_wait boolean
) returns integer[]
  language plpgsql
as $tidemark$
declare
  c_tags constant integer := :"schema".lock_number(:regclass(event_tags)::oid::bigint);
  c_types constant integer := :"schema".lock_number(:regclass(events)::oid::bigint);
  c_tenants constant integer := :"schema".lock_number(:regclass(streams)::oid::bigint);
  c_between constant text := chr(30) || chr(30);
  v_classes integer[];
  v_numbers integer[];
  v_exclusive boolean[];
  v_tags integer[];       -- the numbers of the tags
  v_count integer;        -- claims of this call
  v_demanded integer;     -- exclusive ones among them
  v_bulk boolean;
  v_refused bigint[];     -- class and number in one
  v_claimed boolean;
  v_types text;           -- those not claimed yet
  v_type text;
  v_seen integer := 0;
begin
  -- The common case, cheaply: one tenant, few types, all claims free.
  if cardinality(p_seeds) = 1 and not p_wait then
    if p_tags is not null then
      v_tags := array(
        select distinct :"schema".claim_number(tag, p_seeds[1])
          from unnest(string_to_array(translate(p_tags, chr(30), chr(31)), chr(31))) as tag
         where tag <> ''
         limit 501
      );
    end if;
    v_count := coalesce(cardinality(v_tags), 0);
    -- Of each item its first tag, or its types.
    v_demanded := coalesce(cardinality(p_condition) + cardinality(string_to_array(translate(p_condition_types, chr(30), chr(31)), chr(31))), 0);
    v_claimed := v_count <= 500 and v_demanded <= 32
      and :"schema".lock_budget(v_count + v_demanded + 3)
      and pg_try_advisory_xact_lock_shared(c_tenants, p_seeds[1]);
    if v_claimed and p_condition is not null then
      select bool_and(case when exclusive then pg_try_advisory_xact_lock(class, number) else pg_try_advisory_xact_lock_shared(class, number) end)
        into v_claimed
        from :"schema".claims_of_conditions(p_seeds, p_condition, p_condition_types, p_condition_tags);
    end if;
    if v_claimed and v_count > 0 then
      select bool_and(pg_try_advisory_xact_lock_shared(c_tags, number)) into v_claimed from unnest(v_tags) as number;
    end if;
    -- Each type between two separators of its own, so that to take one out takes out all that are equal.
    v_types := chr(30) || replace(p_types, chr(30), c_between) || chr(30);
    while v_claimed and v_types <> c_between and v_seen < 12 loop
      v_type := split_part(v_types, chr(30), 2);
      v_types := replace(v_types, chr(30) || v_type || chr(30), '');
      v_claimed := pg_try_advisory_xact_lock_shared(c_types, :"schema".claim_number(v_type, p_seeds[1]));
      v_seen := v_seen + 1;
      if v_claimed and v_types = '' then
        return null;
      end if;
    end loop;
  end if;

  select array_agg(class order by class, number), array_agg(number order by class, number),
         array_agg(exclusive order by class, number), count(*), count(*) filter (where exclusive)
    into v_classes, v_numbers, v_exclusive, v_count, v_demanded
    from (
      select class, number, bool_or(exclusive) as exclusive
        from (
          select class, number, exclusive
            from :"schema".claims_of_events(p_seeds, p_append, p_part, p_types, p_tags)
          union all
          select class, number, exclusive
            from :"schema".claims_of_conditions(p_seeds, p_condition, p_condition_types, p_condition_tags)
        ) as each
       group by class, number
    ) as wanted;

  v_bulk := not :"schema".lock_budget(v_count);
  if v_bulk then
    select array_agg(class order by class, number), array_agg(number order by class, number), array_agg(exclusive order by class, number)
      into v_classes, v_numbers, v_exclusive
      from (
        select * from unnest(v_classes, v_numbers, v_exclusive) as wanted (class, number, exclusive)
         where exclusive and v_demanded <= 32 and (class, number) <> (c_tenants, 0)
        union
        select c_tenants, seed, true from unnest(p_seeds) as seed where v_demanded > 32
        union
        values (c_tenants, 0, true)
      ) as wanted;
  end if;

  if p_wait then
    perform case when exclusive then pg_advisory_xact_lock(class, number) else pg_advisory_xact_lock_shared(class, number) end
       from unnest(v_classes, v_numbers, v_exclusive) as wanted (class, number, exclusive);
    return null;
  end if;

  select array_agg((class::bigint << 32) | (number & 4294967295))
    into v_refused
    from unnest(v_classes, v_numbers, v_exclusive) as wanted (class, number, exclusive)
   where not case when exclusive then pg_try_advisory_xact_lock(class, number) else pg_try_advisory_xact_lock_shared(class, number) end;
  if v_refused is null then
    return null;
  end if;
  return (
    select array_agg(distinct owner)
      from (
        select * from :"schema".claims_of_events(p_seeds, p_append, p_part, p_types, p_tags)
        union all
        select * from :"schema".claims_of_conditions(p_seeds, p_condition, p_condition_types, p_condition_tags)
      ) as each
     where ((class::bigint << 32) | (number & 4294967295)) = any (v_refused)
        -- The bulk claim stands for those of all.
        or v_bulk
  );
end
$tidemark$;
`,
  },
  {
    name: "append_many",
    text: `-- Appends a batch: independent appends share this transaction, each with its own verdict.
--
-- Order, the same in every append: stream rows (by name) → gate, shared → claims (sorted) → new statement → ids →
-- expectations → conditions → floor → positions → insert. After the floor nothing waits for another transaction, the unique
-- index on ids excepted.
--
-- A slot is one stream of the batch, given once, in the order of (tenant, name). A part is what one append does to one
-- slot; the parts of an append stand together, and events stand in the order of their parts.
--
--   p_tenants      tenant of each slot, joined by U+001E; null where all are p_tenant
--   p_names        stream of each slot, joined by U+001E
--   p_kinds        of each slot, see lock_streams
--   p_append       append of each part, rising from 1
--   p_slot         slot of each part
--   p_expected     see expectation_met
--   p_counts       events of each part
--   p_part         part of each event; p_place its place in the part (1, 2, 3 …)
--   p_ids          id of each event
--   p_types, p_data, p_metadata, p_tags
--                  joined by U+001E, which neither JSON text nor a legal type or tag holds; '' is none; the tags of one
--                  event are joined by U+001F. p_metadata and p_tags are null where no event has any
--   p_check_ids    look the ids up first: the caller chose them, or this is sent again
--   p_skip_locked  do not wait for a locked stream
--   p_joined       inside a transaction of the caller's, whatever its isolation level, unless there is a condition
--   p_epoch        the projections' epoch that the caller knows
--   p_condition, p_condition_types, p_condition_tags, p_after, p_above
--                  of each item of a condition: its append, rising, and what failed_conditions says; null: none. No two appends
--                  of a batch may meet on a claim: a condition does not see what is written beside it
--   p_wait         wait for claims
--   p_schema_versions
--                  of each event, the version of its shape; null: all are 1
--
-- Verdict of each part: a \`verdict\` of codes.ts, which has what the other numbers mean too.
-- detail: of the first duplicate of each append, its id and what differs; of a failed condition, see failed_conditions.
--
-- written: the positions of the events written, in their order; written_at: their recorded_at.
--
-- The settings keep the plans, also those of the functions called here: one made on an empty store would scan the log for
-- ever after (76 appends/s). None is compiled: where the server has JIT, a look at a condition took a second in a log of a million
-- events, for what the planner expects of it.
create function :"schema".append_many(
  p_tenant text, p_tenants text, p_names text, p_kinds integer[],
  p_append integer[], p_slot integer[], p_expected bigint[], p_counts integer[],
  p_part integer[], p_place integer[], p_ids uuid[], p_types text, p_data text, p_metadata text, p_tags text,
  p_check_ids boolean, p_recorded_at timestamptz, p_durability text, p_skip_locked boolean, p_joined boolean, p_epoch bigint default 0,
  p_condition integer[] default null, p_condition_types text default null, p_condition_tags text default null,
  p_after bigint[] default null, p_above integer[] default null, p_wait boolean default false,
  p_schema_versions smallint[] default null,
  out verdicts integer[], out versions bigint[], out positions bigint[], out detail jsonb,
  out written bigint[], out written_at timestamptz
)
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set jit = off
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set enable_bitmapscan = off
  set plan_cache_mode = force_generic_plan
as $tidemark$
declare
  c_parts constant integer := cardinality(p_append);
  v_names constant text[] := string_to_array(p_names, chr(30));
  v_tenants constant text[] := coalesce(string_to_array(p_tenants, chr(30)), array_fill(p_tenant, array[cardinality(v_names)]));
  v_streams bigint[];     -- by slot: its id, or a \`stream\` of codes.ts
  v_all_new boolean;
  v_heads bigint[];       -- by slot: the version the stream is at, rising as the batch goes on
  v_last bigint[];        -- by slot: the position of its last event; of one written here: minus its place in \`written\`
  v_before bigint[];      -- by slot: the same, before this batch
  v_starts bigint[];      -- by slot: the version before this batch
  v_hashes bytea[];       -- by slot: the hash of the event of that version
  v_bases bigint[];       -- by part: the version its events follow, -1 where it writes none
  v_count integer := 0;   -- events written
  v_recorded_at timestamptz(3);
  v_from integer := 1;    -- the parts of one append: v_from .. v_to
  v_to integer;
  v_slot integer;
  v_position bigint;
  v_floor bigint;
  v_verdict integer;      -- of the append: its worst part's
  v_refused integer[];    -- appends that another transaction keeps from their claims
  v_blocked boolean[];    -- by slot: an append to it is blocked, and none may overtake that; null where none is
  v_failed jsonb;         -- by append: why its condition failed
begin
  if (not p_joined or p_condition is not null) and current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception 'an append needs READ COMMITTED, not %', upper(current_setting('transaction_isolation')) using errcode = 'TM001';
  end if;
  if p_durability is not null then
    perform set_config('synchronous_commit', p_durability, true);
  end if;

  select p_streams, p_all_new
    into v_streams, v_all_new
    from :"schema".lock_streams(v_tenants, v_names, p_kinds, p_skip_locked);
  if not p_joined then
    perform pg_advisory_xact_lock_shared(:"schema".lock_number(:regclass(projections)::oid::bigint), 0);
  elsif not :"schema".enter_gate(p_epoch) then
    verdicts := array_fill(7, array[c_parts]);
    return;
  end if;
  v_refused := :"schema".take_claims(
    case
      when p_tenants is null then array[hashtext(p_tenant)]
      else (select array_agg(seed order by append) from (select distinct append, hashtext(v_tenants[slot]) as seed from unnest(p_append, p_slot) as part (append, slot)) as owner)
    end,
    p_append, p_part, p_types, p_tags, p_condition, p_condition_types, p_condition_tags, p_wait);
  if v_refused is not null then
    v_blocked := array_fill(false, array[cardinality(v_names)]);
  end if;

  -- Nothing can extend these streams now, and a new statement sees all that did. A time from before the wait could be
  -- earlier than that of the event in front.
  v_recorded_at := coalesce(p_recorded_at, clock_timestamp());
  if v_all_new then
    v_heads := array_fill(0::bigint, array[cardinality(v_streams)]);
    v_last := v_heads;
  else
    select array_agg(coalesce(head.version, 0) order by slot), array_agg(coalesce(head.position, 0) order by slot), array_agg(head.hash order by slot)
      into v_heads, v_last, v_hashes
      from unnest(v_streams) with ordinality as wanted (stream_id, slot)
      left join lateral (
        select version, position, hash
          from :"schema".events
         where stream_id = wanted.stream_id
         order by version desc
         limit 1
      ) as head on true;
  end if;

  v_before := v_last;
  v_starts := v_heads;

  verdicts := array_fill(0, array[c_parts]);
  versions := array_fill(0::bigint, array[c_parts]);
  positions := versions;
  v_bases := array_fill(-1::bigint, array[c_parts]);

  -- Ids before expectations: a retry conflicts with nothing but its own first try.
  if p_check_ids then
    select repeated.verdicts, repeated.versions, repeated.positions, repeated.detail
      into verdicts, versions, positions, detail
      from :"schema".repeated_events(
        v_tenants, v_streams, p_append, p_slot, p_counts, p_part, p_place, p_ids,
        string_to_array(p_types, chr(30)), string_to_array(p_data, chr(30)), string_to_array(p_tags, chr(30))) as repeated;
  end if;
  if p_condition is not null then
    v_failed := :"schema".failed_conditions(
      p_tenant,
      case when p_tenants is not null then
        (select array_agg(tenant order by append) from (select distinct append, v_tenants[slot] as tenant from unnest(p_append, p_slot) as part (append, slot)) as owner)
      end,
      p_condition, p_condition_types, p_condition_tags, p_after, p_above);
  end if;

  while v_from <= c_parts loop
    v_to := v_from;
    while v_to < c_parts and p_append[v_to + 1] = p_append[v_from] loop
      v_to := v_to + 1;
    end loop;
    v_verdict := case when p_append[v_from] = any (v_refused) then 4 else 0 end;
    for i in v_from .. v_to loop
      v_slot := p_slot[i];
      if v_blocked[v_slot] then
        v_verdict := 4;
      end if;
      if v_streams[v_slot] = -1 then
        v_verdict := 4;
        verdicts[i] := 4;
      elsif verdicts[i] = 0 or (p_counts[i] = 0 and verdicts[i] <> 1) then
        versions[i] := v_heads[v_slot];
        positions[i] := v_last[v_slot];
      end if;
    end loop;
    if v_verdict = 4 then
      -- The caller sends this append again, whatever else is true of it.
      for i in v_from .. v_to loop
        verdicts[i] := 4;
        if v_blocked is not null then
          v_blocked[p_slot[i]] := true;
        end if;
      end loop;
    elsif verdicts[v_from] = 0 then
      for i in v_from .. v_to loop
        v_slot := p_slot[i];
        v_position := v_last[v_slot];
        if v_position < 0 then
          v_position := 9223372036854775807;
        end if;
        if not :"schema".expectation_met(p_expected[i], v_heads[v_slot], v_position) then
          verdicts[i] := 2;
          v_verdict := 2;
        end if;
      end loop;
      if v_verdict = 0 and v_failed ? p_append[v_from]::text then
        v_verdict := 8;
        verdicts[v_from] := 8;
        detail := coalesce(detail, '{}') || jsonb_build_object(p_append[v_from]::text, v_failed -> p_append[v_from]::text);
      end if;
      for i in v_from .. v_to loop
        if v_verdict <> 0 then
          verdicts[i] := case when verdicts[i] = 0 then 5 else verdicts[i] end;
        elsif p_counts[i] > 0 then
          v_slot := p_slot[i];
          v_bases[i] := v_heads[v_slot];
          v_heads[v_slot] := v_heads[v_slot] + p_counts[i];
          v_count := v_count + p_counts[i];
          v_last[v_slot] := -v_count;
          versions[i] := v_heads[v_slot];
          positions[i] := v_last[v_slot];
        end if;
      end loop;
    end if;
    v_from := v_to + 1;
  end loop;

  -- What is written meets at its index what a snapshot does not show; what is only read has to be looked at.
  if p_joined and current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    for i in 1 .. c_parts loop
      if verdicts[i] = 0 and pg_partition_root(:regclass(events)) is not null then
        perform :"schema".refuse_unseen_events(
          v_streams[p_slot[i]], versions[i] - p_counts[i], v_before[p_slot[i]], v_tenants[p_slot[i]],
          (select array_agg(id) from unnest(p_part, p_ids) as event (part, id) where part = i and p_check_ids));
      elsif verdicts[i] = 0 and p_counts[i] = 0 and (p_expected[i] >= 0 or p_expected[i] <= -10) then
        perform :"schema".refuse_stale_look(v_streams[p_slot[i]], versions[i]);
      end if;
    end loop;
  end if;

  if v_count > 0 then
    v_floor := :"schema".hold_floor(p_epoch);
    if v_floor is null then
      verdicts := array_fill(7, array[c_parts]);
      return;
    end if;
    with stored as (
      insert into :"schema".events (position, stream_id, version, id, recorded_at, schema_version, tenant, type, data, metadata, tags, hash)
      select position, v_streams[slot], version, id, v_recorded_at, schema_version, tenant, type, data, metadata, tags,
             -- Of the first event of a stream in this batch. The others' stand on it, and the trigger sees it. An element of an array of texts takes
             -- as long as the array is.
             case when version = v_starts[slot] + 1 and cardinality(v_starts) <= 512 and (select true from :"schema".event_chain)
               then :"schema".hash_event(
                 coalesce(v_hashes[slot], sha256(convert_to(v_names[slot], 'UTF8'))), id, position, version, v_recorded_at, schema_version,
                 tenant, type, data, metadata, tags)
             end
        from (
          select nextval(:regclass(events_position_seq)) as position, slot, base + place as version, id, coalesce(schema_version, 1::smallint) as schema_version,
                 case when p_tenants is null then p_tenant else v_tenants[slot] end as tenant,
                 type, data::jsonb as data, nullif(metadata, '')::jsonb as metadata, string_to_array(nullif(tags, ''), chr(31)) as tags
            from (
              select p_slot[event.part] as slot, v_bases[event.part] as base, event.*
                from unnest(
                  p_part, p_place, p_ids, string_to_array(p_types, chr(30)), string_to_array(p_data, chr(30)),
                  string_to_array(p_metadata, chr(30)), string_to_array(p_tags, chr(30)), p_schema_versions
                ) with ordinality as event (part, place, id, type, data, metadata, tags, schema_version, n)
               where v_bases[event.part] >= 0
               order by n
            ) as accepted
        ) as numbered
      returning position, tenant, tags
    ), tagged as (
      insert into :"schema".event_tags (tenant, tag, position)
      select tenant, unnest(tags), position from stored where tags is not null
    )
    select array_agg(position order by position), v_recorded_at into written, written_at from stored;

    -- One index sees all ids while the log is one table.
    if (p_check_ids or p_joined) and pg_partition_root(:regclass(events)) is not null then
      perform :"schema".keep_event_ids(written);
    end if;

    for i in 1 .. c_parts loop
      if positions[i] < 0 then
        positions[i] := written[-positions[i]];
      end if;
    end loop;
  end if;
end
$tidemark$;
`,
  },
  {
    name: "append_batch",
    text: `-- append_many for a batch: waits at most 30 ms for a row or an index entry that another transaction holds. Then, and on
-- any other failure that one append can cause, the whole batch is refused and goes through append_separately. Claims are only
-- tried: an append that another transaction keeps from one has verdict 4, and those behind it on its streams.
create function :"schema".append_batch(
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
  set lock_timeout = '30ms'
as $tidemark$
begin
  select r.verdicts, r.versions, r.positions, r.detail, r.written, r.written_at
    into verdicts, versions, positions, detail, written, written_at
    from :"schema".append_many(
      p_tenant, p_tenants, p_names, p_kinds, p_append, p_slot, p_expected, p_counts, p_part, p_place, p_ids,
      p_types, p_data, p_metadata, p_tags, p_check_ids, p_recorded_at, p_durability, false, false, p_epoch,
      p_condition, p_condition_types, p_condition_tags, p_after, p_above, false, p_schema_versions) as r;
end
$tidemark$;
`,
  },
  {
    name: "append_one",
    text: `-- The lean way for one event to one stream: the same order and verdicts as append_many, in plain variables. A batch of one
-- through append_many takes half as long again.
--
-- It never looks ids up: an append whose ids the caller chose, or that is sent again, goes through append_batch.
--
--   p_condition_types, p_condition_tags, p_after, p_above
--              of each item of a condition, see failed_conditions; p_after is null where there is none
--   p_schema_version   the version of the event's shape
--
-- Returns, joined by U+001E: verdict, version, position, recorded_at in milliseconds since 1970, and what failed_conditions says of
-- a failed condition. One text, for PostgreSQL works out the columns of a function with several results twice a call. And few
-- expressions, for PL/pgSQL sets each up anew in each transaction.
create function :"schema".append_one(
  p_tenant text, p_name text, p_expected bigint,
  p_id uuid, p_type text, p_data jsonb, p_metadata jsonb, p_tags text,
  p_recorded_at timestamptz, p_durability text, p_epoch bigint default 0,
  p_condition_types text default null, p_condition_tags text default null, p_after bigint[] default null, p_above integer[] default null,
  p_schema_version smallint default 1
) returns text
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '30ms'
  set jit = off
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set enable_bitmapscan = off
  set plan_cache_mode = force_generic_plan
as $tidemark$
declare
  v_stream bigint;
  v_head bigint;
  v_last bigint;
  v_floor bigint;
  v_claimed boolean;
  v_tag text;
  v_failed jsonb;
  v_position bigint;
  v_written text;
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception 'an append needs READ COMMITTED, not %', upper(current_setting('transaction_isolation')) using errcode = 'TM001';
  end if;
  if p_durability is not null then
    perform set_config('synchronous_commit', p_durability, true);
  end if;

  if p_expected <> 0 then
    select id into v_stream from :"schema".streams where tenant = p_tenant and name = p_name for no key update;
  end if;
  if v_stream is null and (p_expected in (0, -1) or p_expected <= -10) then
    insert into :"schema".streams (tenant, name) values (p_tenant, p_name)
    on conflict on constraint streams_tenant_name_key do nothing
    returning id, 0 into v_stream, v_head;
    if v_stream is null then
      select id into v_stream from :"schema".streams where tenant = p_tenant and name = p_name for no key update;
    end if;
  end if;

  -- The gate, then what take_claims does, where nothing is demanded.
  v_claimed := case
    when pg_advisory_xact_lock_shared(:"schema".lock_number(:regclass(projections)::oid::bigint), 0) is null then false
    when p_after is null then
      pg_try_advisory_xact_lock_shared(:"schema".lock_number(:regclass(streams)::oid::bigint), hashtext(p_tenant))
      and pg_try_advisory_xact_lock_shared(
        :"schema".lock_number(:regclass(events)::oid::bigint), :"schema".claim_number(p_type, hashtext(p_tenant)))
    else :"schema".take_claims(
      array[hashtext(p_tenant)], null, null, p_type, p_tags,
      array_fill(1, array[cardinality(p_after)]), p_condition_types, p_condition_tags, false) is null
  end;
  if p_tags is not null and p_after is null then
    foreach v_tag in array string_to_array(p_tags, chr(31)) loop
      v_claimed := v_claimed and pg_try_advisory_xact_lock_shared(
        :"schema".lock_number(:regclass(event_tags)::oid::bigint), :"schema".claim_number(v_tag, hashtext(p_tenant)));
    end loop;
  end if;
  if not v_claimed then
    return concat_ws(chr(30), 4, 0, 0);
  end if;

  -- Unless it was created here: where the stream is, in a new statement, since nothing can extend it now.
  if v_head is null then
    select e.version, e.position into v_head, v_last
      from :"schema".events as e where e.stream_id = v_stream order by e.version desc limit 1;
    v_head := coalesce(v_head, 0);
    v_last := coalesce(v_last, 0);
    if not :"schema".expectation_met(p_expected, v_head, v_last) then
      return concat_ws(chr(30), 2, v_head, v_last);
    end if;
  end if;

  if p_after is not null then
    v_failed := :"schema".failed_conditions(
      p_tenant, null, array_fill(1, array[cardinality(p_after)]), p_condition_types, p_condition_tags, p_after, p_above);
    if v_failed is not null then
      return concat_ws(chr(30), 8, v_head, coalesce(v_last, 0), '', v_failed -> '1');
    end if;
  end if;

  v_floor := :"schema".hold_floor(p_epoch);
  if v_floor is null then
    return concat_ws(chr(30), 7, 0, 0);
  end if;
  insert into :"schema".events (position, stream_id, version, id, recorded_at, schema_version, tenant, type, data, metadata, tags)
  values (
    nextval(:regclass(events_position_seq)), v_stream, v_head + 1, p_id, coalesce(p_recorded_at, clock_timestamp()),
    p_schema_version, p_tenant, p_type, p_data, p_metadata, string_to_array(p_tags, chr(31)))
  returning
    position,
    '0' || chr(30) || version || chr(30) || position || chr(30) || (date_part('epoch', recorded_at) * 1000::float8)::bigint
    into v_position, v_written;
  if p_tags is not null then
    insert into :"schema".event_tags (tenant, tag, position)
    select p_tenant, tag, v_position from unnest(string_to_array(p_tags, chr(31))) as tag;
  end if;
  return v_written;
end
$tidemark$;
`,
  },
  {
    name: "append_separately",
    text: `-- append_many for a batch that was refused whole (55P03, 40P01, 23505, or what a trigger or CHECK of the user's raised):
-- each append in a subtransaction of its own, so that only the culprits fail. At most 64 appends a call: more
-- subtransactions overflow the cache that every snapshot in the server reads.
--
-- Parameters and verdicts of append_batch; the parts of an append stand in the order of (tenant, name). Locked streams are
-- skipped, not waited for, and an insert that waits for another transaction is cut off after 10 ms. Both are verdict 4, and
-- so are a serialization failure and an id that another transaction committed just now: the next try will tell. An append
-- that shares a stream with an earlier one of verdict 4 has verdict 4 too, for it would overtake that one.
-- Ids are always looked up: a unique violation may be a first try that got through.
-- It does not return \`written\`: each append has its own.
-- Verdict 6: PostgreSQL refused this append; detail holds [SQLSTATE, message, constraint, table].
create function :"schema".append_separately(
  p_tenant text, p_tenants text, p_names text, p_kinds integer[],
  p_append integer[], p_slot integer[], p_expected bigint[], p_counts integer[],
  p_part integer[], p_place integer[], p_ids uuid[], p_types text, p_data text, p_metadata text, p_tags text,
  p_check_ids boolean, p_recorded_at timestamptz, p_durability text, p_epoch bigint default 0,
  p_condition integer[] default null, p_condition_types text default null, p_condition_tags text default null,
  p_after bigint[] default null, p_above integer[] default null,
  p_schema_versions smallint[] default null,
  out verdicts integer[], out versions bigint[], out positions bigint[], out detail jsonb
)
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '10ms'
as $tidemark$
declare
  c_parts constant integer := cardinality(p_append);
  v_names constant text[] := string_to_array(p_names, chr(30));
  v_tenants constant text[] := coalesce(string_to_array(p_tenants, chr(30)), array_fill(p_tenant, array[cardinality(v_names)]));
  v_types constant text[] := string_to_array(p_types, chr(30));
  v_data constant text[] := string_to_array(p_data, chr(30));
  v_metadata constant text[] := string_to_array(p_metadata, chr(30));
  v_tags constant text[] := string_to_array(p_tags, chr(30));
  v_from integer := 1;        -- the parts of one append: v_from .. v_to
  v_to integer;
  v_event_from integer := 1;  -- its events: v_event_from .. v_event_to
  v_event_to integer := 0;
  v_blocked boolean[] := array_fill(false, array[cardinality(v_names)]);  -- by slot
  v_condition record;     -- of one append; nulls where it has none
  v_result record;
  v_constraint text;
  v_table text;
begin
  verdicts := array_fill(0, array[c_parts]);
  versions := array_fill(0::bigint, array[c_parts]);
  positions := versions;
  detail := '{}';
  while v_from <= c_parts loop
    v_to := v_from;
    v_event_to := v_event_to + p_counts[v_from];
    while v_to < c_parts and p_append[v_to + 1] = p_append[v_from] loop
      v_to := v_to + 1;
      v_event_to := v_event_to + p_counts[v_to];
    end loop;
    begin
      if exists (select from generate_series(v_from, v_to) as i where v_blocked[p_slot[i]]) then
        raise exception using errcode = 'lock_not_available';
      end if;
      select array_agg(1) as owners, string_agg(coalesce(types, ''), chr(30) order by n) as types,
             string_agg(coalesce(tags, ''), chr(30) order by n) as tags,
             array_agg(after order by n) as after, array_agg(above order by n) as above
        into v_condition
        from unnest(p_condition, string_to_array(p_condition_types, chr(30)), string_to_array(p_condition_tags, chr(30)), p_after, p_above)
             with ordinality as item (owner, types, tags, after, above, n)
       where owner = p_append[v_from];
      select r.*
        into v_result
        from :"schema".append_many(
          v_tenants[p_slot[v_from]], null,
          (select string_agg(v_names[p_slot[i]], chr(30) order by i) from generate_series(v_from, v_to) as i),
          (select array_agg(case when p_expected[i] in (0, -1) or p_expected[i] <= -10 then 1 else 0 end order by i) from generate_series(v_from, v_to) as i),
          array_fill(1, array[v_to - v_from + 1]),
          (select array_agg(i order by i) from generate_series(1, v_to - v_from + 1) as i),
          p_expected[v_from:v_to], p_counts[v_from:v_to],
          coalesce((select array_agg(p_part[e] - v_from + 1 order by e) from generate_series(v_event_from, v_event_to) as e), '{}'),
          p_place[v_event_from:v_event_to], p_ids[v_event_from:v_event_to],
          array_to_string(v_types[v_event_from:v_event_to], chr(30)), array_to_string(v_data[v_event_from:v_event_to], chr(30)),
          array_to_string(v_metadata[v_event_from:v_event_to], chr(30)), array_to_string(v_tags[v_event_from:v_event_to], chr(30)),
          true, p_recorded_at, p_durability, true, false, p_epoch,
          v_condition.owners, v_condition.types, v_condition.tags, v_condition.after, v_condition.above, false,
          p_schema_versions[v_event_from:v_event_to]) as r;
      -- Otherwise a deferred constraint of the user's would fail the whole call at its commit.
      set constraints all immediate;
      verdicts[v_from:v_to] := v_result.verdicts;
      versions[v_from:v_to] := v_result.versions;
      positions[v_from:v_to] := v_result.positions;
      if v_result.detail ? '1' then
        detail := detail || jsonb_build_object(p_append[v_from]::text, v_result.detail -> '1');
      end if;
    exception
      when lock_not_available or deadlock_detected or serialization_failure then
        verdicts[v_from:v_to] := array_fill(4, array[v_to - v_from + 1]);
      when others then
        get stacked diagnostics v_constraint = constraint_name, v_table = table_name;
        if v_constraint ~ '^(events|events_[0-9]+)_tenant_id_key$' or v_constraint = 'event_ids_pkey' then
          verdicts[v_from:v_to] := array_fill(4, array[v_to - v_from + 1]);
        else
          verdicts[v_from:v_to] := array_fill(6, array[v_to - v_from + 1]);
          detail := detail || jsonb_build_object(p_append[v_from]::text, jsonb_build_array(sqlstate, sqlerrm, v_constraint, v_table));
        end if;
    end;
    if 4 = any (verdicts[v_from:v_to]) then
      for i in v_from .. v_to loop
        v_blocked[p_slot[i]] := true;
      end loop;
    end if;
    v_from := v_to + 1;
    v_event_from := v_event_to + 1;
  end loop;
end
$tidemark$;
`,
  },
  {
    name: "append_singles",
    text: `-- The lean way for a batch of appends to one stream each, every one to a stream of its own: the same order and verdicts as
-- append_many, without a loop. Every expression of PL/pgSQL costs a microsecond in each transaction, and a batch of ten
-- through append_many spends most of its time on them.
--
-- Streams and expectations are in the order of (tenant, name), events in the order of their streams; parameters as in
-- append_many. Ids are never looked up.
--
--   p_part, p_place  stream of each event and its place in the append; null where every append has one event
--
--   p_condition      stream of each item of a condition
--   p_schema_versions  of each event, the version of its shape; null: all are 1
--
--   verdicts   of each stream, see codes.ts; null where all are written
--   heads      where the streams were before; null where all are new
--   positions  of the events written, in order
--   written_at their recorded_at
--   detail     of each failed condition, by stream, see failed_conditions
create function :"schema".append_singles(
  p_tenant text, p_tenants text, p_names text, p_kinds integer[], p_expected bigint[],
  p_part integer[], p_place integer[], p_ids uuid[], p_types text, p_data text, p_metadata text, p_tags text,
  p_recorded_at timestamptz, p_durability text, p_epoch bigint default 0,
  p_condition integer[] default null, p_condition_types text default null, p_condition_tags text default null,
  p_after bigint[] default null, p_above integer[] default null,
  p_schema_versions smallint[] default null,
  out verdicts integer[], out heads bigint[], out positions bigint[], out detail jsonb, out written_at timestamptz
)
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '30ms'
  set jit = off
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set enable_bitmapscan = off
  set plan_cache_mode = force_generic_plan
as $tidemark$
declare
  v_names constant text[] := string_to_array(p_names, chr(30));
  v_tenants constant text[] := coalesce(string_to_array(p_tenants, chr(30)), array_fill(p_tenant, array[cardinality(v_names)]));
  v_streams bigint[];
  v_all_new boolean;
  v_hashes bytea[];       -- of each stream: the hash of its last event
  v_recorded_at timestamptz(3);
  v_floor bigint;
  v_refused integer[];
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception 'an append needs READ COMMITTED, not %', upper(current_setting('transaction_isolation')) using errcode = 'TM001';
  end if;
  if p_durability is not null then
    perform set_config('synchronous_commit', p_durability, true);
  end if;

  select p_streams, p_all_new
    into v_streams, v_all_new
    from :"schema".lock_streams(v_tenants, v_names, p_kinds, false);
  perform pg_advisory_xact_lock_shared(:"schema".lock_number(:regclass(projections)::oid::bigint), 0);
  v_refused := :"schema".take_claims(
    case
      when p_tenants is null then array[hashtext(p_tenant)]
      else (select array_agg(hashtext(tenant) order by n) from unnest(v_tenants) with ordinality as each (tenant, n))
    end,
    null, p_part, p_types, p_tags, p_condition, p_condition_types, p_condition_tags, false);

  -- Nothing can extend these streams now, and a new statement sees all that did.
  v_recorded_at := coalesce(p_recorded_at, clock_timestamp());
  if not v_all_new then
    select array_agg(version order by slot), array_agg(hash order by slot),
           array_agg(case when :"schema".expectation_met(expected, version, position) then 0 else 2 end order by slot)
      into heads, v_hashes, verdicts
      from (
        select coalesce(head.version, 0) as version, coalesce(head.position, 0) as position, head.hash, wanted.expected, wanted.slot
          from unnest(v_streams, p_expected) with ordinality as wanted (stream_id, expected, slot)
          left join lateral (
            select e.version, e.position, e.hash
              from :"schema".events as e
             where e.stream_id = wanted.stream_id
             order by e.version desc
             limit 1
          ) as head on true
      ) as found;
  end if;
  if p_condition is not null then
    detail := :"schema".failed_conditions(
      p_tenant, case when p_tenants is not null then v_tenants end, p_condition, p_condition_types, p_condition_tags, p_after, p_above);
  end if;
  if v_refused is not null or detail is not null then
    select array_agg(case
             when n = any (v_refused) then 4
             when verdicts[n] = 2 then 2
             when detail ? n::text then 8
             else 0
           end order by n)
      into verdicts
      from generate_series(1, cardinality(v_names)) as n;
  end if;
  if 0 <> all (verdicts) then
    positions := '{}';
    return;
  end if;

  v_floor := :"schema".hold_floor(p_epoch);
  if v_floor is null then
    verdicts := array_fill(7, array[cardinality(v_names)]);
    positions := '{}';
    return;
  end if;
  with written as (
    insert into :"schema".events (position, stream_id, version, id, recorded_at, schema_version, tenant, type, data, metadata, tags, hash)
    select position, stream_id, version, id, v_recorded_at, schema_version, tenant, type, data, metadata, tags,
           -- Where every append has one event. Of others the second one's hash stands on that of the first, and the trigger sees it.
           case when p_part is null and (select true from :"schema".event_chain)
             then :"schema".hash_event(
               coalesce(before, sha256(convert_to(name, 'UTF8'))), id, position, version, v_recorded_at, schema_version, tenant, type, data, metadata, tags)
           end
      from (
        select nextval(:regclass(events_position_seq)) as position, v_streams[slot] as stream_id, coalesce(heads[slot], 0) + place as version, id,
               coalesce(schema_version, 1::smallint) as schema_version, case when p_tenants is null then p_tenant else v_tenants[slot] end as tenant,
               type, data::jsonb as data, nullif(metadata, '')::jsonb as metadata, string_to_array(nullif(tags, ''), chr(31)) as tags, before, name
          from (
            select coalesce(part, n) as slot, coalesce(place, 1) as place, id, type, data, metadata, tags, schema_version, before, name, n
              from unnest(
                p_part, p_place, p_ids, string_to_array(p_types, chr(30)), string_to_array(p_data, chr(30)),
                string_to_array(p_metadata, chr(30)), string_to_array(p_tags, chr(30)), p_schema_versions, v_hashes, v_names
              ) with ordinality as event (part, place, id, type, data, metadata, tags, schema_version, before, name, n)
          ) as placed
         where id is not null and (verdicts is null or verdicts[slot] = 0)
         order by n
      ) as numbered
    returning position, tenant, tags
  ), tagged as (
    insert into :"schema".event_tags (tenant, tag, position)
    select tenant, unnest(tags), position from written where tags is not null
  )
  select array_agg(position order by position), v_recorded_at into positions, written_at from written;
end
$tidemark$;
`,
  },
  {
    name: "append_waiting",
    text: `-- append_many for one append whose stream or claim another transaction holds: waits for it, a second at a time, so that a few
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
`,
  },
  {
    name: "high_water_mark",
    text: `-- The high-water mark: the last event at or below which nothing new can appear. The writer's half is hold_floor().
--
-- Three steps, each a statement of its own with a snapshot of its own (VOLATILE, READ COMMITTED), in this order:
--   1. last = the position sequence;
--   2. mark = the least of last and the floors in pg_locks: every append published a floor before it drew a position, so
--      an open append is seen here, one that starts later draws above last, and one that ended is visible to step 3;
--   3. the last event at or below the mark.
-- It returns an event's position and id, never a number in a gap: after a crash the sequence can hand out numbers
-- below a gap's end again. Taking 2 and 3 in one snapshot loses events.
--
-- p_position, p_id: the last answer this reader had. It stays true as long as that event is there, and floors published
-- late may be older than it, so the greater one is returned.
--
-- A sequence behind the log is refused (refuse_sequence). The log's end is read in the snapshot of step 1, which is older than the
-- look at the sequence, so that a sequence in order is never found behind.
--
-- bound: the least of step 2, below which nothing new can appear in the outbox, either (outbox_mark).
--
-- On a standby locks are not seen and the sequence runs ahead: only the row that the primary wrote counts. It is asked for
-- at every call: a failover behind the same address changes the answer.
create function :"schema".high_water_mark(
  p_position bigint, p_id uuid,
  out mark bigint, out id uuid, out in_recovery boolean, out bound bigint
)
  language plpgsql volatile
  set search_path = pg_catalog, pg_temp
  set jit = off
  set enable_seqscan = off
  set enable_bitmapscan = off
as $tidemark$
declare
  v_log bigint;
  v_last bigint;
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception 'the high-water mark needs READ COMMITTED, not %', upper(current_setting('transaction_isolation')) using errcode = 'TM001';
  end if;
  in_recovery := pg_is_in_recovery();
  if in_recovery then
    select m.position, m.event_id into mark, id from :"schema".high_water_mark as m;
    return;
  end if;

  select (select max(e.position) from :"schema".events as e), coalesce(pg_sequence_last_value(:regclass(events_position_seq)), 0) into v_log, v_last;
  if v_log > v_last then
    perform :"schema".refuse_sequence(v_last, v_log);
  end if;

  -- The distance is taken modulo 2^32, since a lock holds only the low 32 bits of its floor. A floor published after
  -- step 1 lies ahead of last by a little: it is not below it by nearly 2^32.
  select v_last - max(distance)
    into mark
    from (
      select (v_last - objid::bigint) & 4294967295 as distance
        from pg_catalog.pg_locks
       where locktype = 'advisory'
         and database = (select oid from pg_catalog.pg_database where datname = current_database())
         and classid = :regclass(events_position_seq)::oid
         and objsubid = 2
         and mode = 'ShareLock'
    ) as floors
   where distance < 4294967296 - 16777216;
  mark := least(mark, v_last);
  bound := mark;
  select e.position, e.id into mark, id
    from :"schema".events as e where e.position <= mark order by e.position desc limit 1;
  mark := coalesce(mark, 0);
  if mark < p_position and exists (select from :"schema".events as e where e.position = p_position and e.id = p_id) then
    mark := p_position;
    id := p_id;
  end if;
end
$tidemark$;
`,
  },
  {
    name: "begin_build",
    text: `-- Begins the build of a projection for one tenant, unless it has begun: up to the end of the log as it is now. What was asked for
-- before, for this version, counts for every tenant. Returns the state it is in.
create function :"schema".begin_build(p_name text, p_version integer, p_tenant text, p_after bigint, p_swap text default 'auto', p_way text default 'follow') returns text
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_state text;
begin
  insert into :"schema".projection_builds (name, version, tenant, way, swap, started_after, target, sample, events_per_second, parts)
  select p.name, p.version, p_tenant, p_way, coalesce(asked.swap, p_swap), p_after, m.mark, asked.sample, asked.events_per_second, coalesce(asked.parts, 1)
    from :"schema".projections as p
   cross join :"schema".high_water_mark(0, null) as m
    left join lateral (
      select b.swap, b.sample, b.events_per_second, b.parts from :"schema".projection_builds as b where b.name = p.name and b.version = p.version order by b.tenant limit 1
    ) as asked on true
   where p.name = p_name and p.version = p_version
      on conflict do nothing;
  select b.state into v_state from :"schema".projection_builds as b where b.name = p_name and b.version = p_version and b.tenant = p_tenant;
  return v_state;
end
$tidemark$;
`,
  },
  {
    name: "ask_for_build",
    text: `-- Asks for the build of a version that does not serve: what is given counts for all of its followers, and for those to come. Null leaves
-- what stands there.
create function :"schema".ask_for_build(p_name text, p_version integer, p_tenant text, p_swap text, p_sample integer, p_events_per_second integer, p_parts integer) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  perform :"schema".begin_build(p.name, p.version, coalesce(c.tenant, case p.mode when 'inline' then '' else p_tenant end), coalesce(s.position, 0))
     from :"schema".projections as p
     left join :"schema".consumers as c on c.kind = 'projection' and c.owner_name = p.name and c.owner_version = p.version
     left join :"schema".consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
    where p.name = p_name and p.version = p_version;
  update :"schema".projection_builds as b
     set swap = coalesce(p_swap, b.swap),
         sample = coalesce(p_sample, b.sample),
         events_per_second = coalesce(p_events_per_second, b.events_per_second),
         parts = coalesce(p_parts, b.parts)
   where b.name = p_name and b.version = p_version;
end
$tidemark$;
`,
  },
  {
    name: "blockers",
    text: `-- The open appends that hold the high-water mark back, also in prepared transactions (pid null), each with the number of committed
-- events that wait above its floor.
--
-- A prepared transaction is found by its transaction's own lock: it keeps the virtual id of the backend that prepared it,
-- which pg_prepared_xacts does not show. pg_locks is read once, since two reads are two moments.
-- Without pg_read_all_stats other roles' queries and ages are hidden; the first event that waits then tells the least age.
create function :"schema".blockers()
  returns table (pid integer, transaction text, application_name text, query text, held_for_ms bigint, events bigint)
  language plpgsql volatile
  set search_path = pg_catalog, pg_temp
  set jit = off
  set enable_seqscan = off
  set enable_bitmapscan = off
as $tidemark$
declare
  v_last constant bigint := coalesce(pg_sequence_last_value(:regclass(events_position_seq)), 0);
begin
  return query
  with locks as materialized (
    select * from pg_catalog.pg_locks where locktype in ('advisory', 'transactionid')
  ), floors as (
    select locks.pid, locks.virtualtransaction, min(v_last - ((v_last - locks.objid::bigint) & 4294967295)) as floor
      from locks
     where locks.locktype = 'advisory'
       and locks.database = (select oid from pg_catalog.pg_database where datname = current_database())
       and locks.classid = :regclass(events_position_seq)::oid
       and locks.objsubid = 2
       and locks.mode = 'ShareLock'
       and (v_last - locks.objid::bigint) & 4294967295 < 4294967296 - 16777216
     group by locks.pid, locks.virtualtransaction
  ), prepared as (
    select locks.virtualtransaction, prepared.gid, prepared.prepared
      from pg_catalog.pg_prepared_xacts as prepared
      join locks on locks.locktype = 'transactionid' and locks.pid is null and locks.transactionid = prepared.transaction
  )
  select floors.pid,
         coalesce(prepared.gid, activity.backend_xid::text),
         coalesce(activity.application_name, ''),
         coalesce(activity.query, ''),
         coalesce(floor(extract(epoch from clock_timestamp() - coalesce(
           activity.xact_start,
           prepared.prepared,
           (select e.recorded_at from :"schema".events as e where e.position > floors.floor order by e.position limit 1)
         )) * 1000)::bigint, 0),
         (select count(*) from :"schema".events as e where e.position > floors.floor)
    from floors
    left join pg_catalog.pg_stat_activity as activity on activity.pid = floors.pid
    left join prepared on floors.pid is null and prepared.virtualtransaction = floors.virtualtransaction
   order by floors.floor;
end
$tidemark$;
`,
  },
  {
    name: "cancel_timers",
    text: `-- Cancels timers: all of some owners, and single ones by owner and key. Waits for those that are being fired, and then finds them gone. Returns how many
-- there were. One by one and by the primary key, in one order for all transactions: sessions keep a plan that was made when there were few timers, and as a
-- join it would compare each of those that are cancelled with all that are pending.
--
--   p_whole          owners all of whose timers go
--   p_owners, p_keys single ones; the keys joined by U+001E
create function :"schema".cancel_timers(p_tenant text, p_whole bigint[], p_owners bigint[], p_keys text) returns bigint
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_bitmapscan = off
  set plan_cache_mode = force_generic_plan
as $tidemark$
declare
  v_owner bigint;
  v_key text;
  v_count bigint := 0;
  v_cancelled bigint := 0;
begin
  for v_owner, v_key in
    select w.owner, null::text from unnest(p_whole) as w (owner)
    union all
    select s.owner, s.key from unnest(p_owners, string_to_array(p_keys, chr(30))) as s (owner, key) where s.owner <> all (p_whole)
     order by 1, 2
  loop
    if v_key is null then
      delete from :"schema".timers as t where t.tenant = p_tenant and t.owner = v_owner;
    else
      delete from :"schema".timers as t where t.tenant = p_tenant and t.owner = v_owner and t.key = v_key;
    end if;
    get diagnostics v_count = row_count;
    v_cancelled := v_cancelled + v_count;
  end loop;
  return v_cancelled;
end
$tidemark$;
`,
  },
  {
    name: "raise_epoch",
    text: `-- Starts a new epoch: the projections that appends must write have changed. The upper bits are a count, so that the epoch rises; the
-- lower 32 are random. After a restore the same count comes again with other projections, and a process from before must not mistake
-- it for the epoch it knows.
create function :"schema".raise_epoch() returns void
  language sql
  set search_path = pg_catalog, pg_temp
as $tidemark$
  update :"schema".projection_epoch set epoch = (((epoch >> 32) + 1) << 32) | floor(random() * 4294967296)::bigint where only_row;
$tidemark$;
`,
  },
  {
    name: "resume_consumer",
    text: `-- Ends a consumer's pause, and takes stopped shards from their owners, so that a worker tries the event again. False if there is no
-- such consumer.
create function :"schema".resume_consumer(p_tenant text, p_name text) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_failed integer[];
begin
  update :"schema".consumers as c set paused = false, pause_reason = null, paused_by = null, paused_at = null where c.tenant = p_tenant and c.name = p_name;
  if not found then
    return false;
  end if;
  -- Leases before shards, as in take_shard().
  with failed as (
    select l.id
      from :"schema".consumer_leases as l
      join :"schema".consumer_shards as s on s.id = l.id
     where s.tenant = p_tenant and s.consumer = p_name and l.state = 'failed'
     order by l.id
       for update of l
  ), ended as (
    update :"schema".consumer_leases as l set lease_end = '-infinity', state = 'stopped' from failed where l.id = failed.id returning l.id
  )
  select array_agg(id) into v_failed from ended;
  update :"schema".consumer_shards as s set fence = s.fence + 1 where s.id = any (v_failed);
  return true;
end
$tidemark$;
`,
  },
  {
    name: "follower_name",
    text: `-- The name of the row in consumers that follows the log for an owner of this kind. Names are unique, and this one holds a control
-- character (U+001D), which a name that a user chose never does. Rows are found by kind and owner, never by this.
create function :"schema".follower_name(p_kind text, p_owner text, p_version integer) returns text
  language sql immutable strict parallel safe
return pg_catalog.concat_ws(pg_catalog.chr(29), p_kind, p_owner, p_version::text);
`,
  },
  {
    name: "gate_holders",
    text: `-- Describes the holders of a lock of the gate's class; null: there are none. Only members of pg_read_all_stats see the age of other
-- roles' transactions.
create function :"schema".gate_holders(p_number integer) returns text
  language sql
  set search_path = pg_catalog, pg_temp
as $tidemark$
  with locks as materialized (
    select * from pg_catalog.pg_locks where locktype in ('advisory', 'transactionid') and granted
  )
  select string_agg(
           case
             when l.pid is null then format('the prepared transaction %L', prepared.gid)
             else format(
               'process %s (role %s, application %L%s)', l.pid, a.usename, a.application_name,
               ', its transaction open for ' || floor(extract(epoch from clock_timestamp() - a.xact_start)) || ' s')
           end, ', ' order by l.pid)
    from locks as l
    left join pg_catalog.pg_stat_activity as a on a.pid = l.pid
    left join lateral (
      select p.gid
        from locks as t
        join pg_catalog.pg_prepared_xacts as p on p.transaction = t.transactionid
       where t.pid is null and t.locktype = 'transactionid' and t.virtualtransaction = l.virtualtransaction
    ) as prepared on l.pid is null
   where l.locktype = 'advisory'
     and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
     and l.classid = :regclass(projections)::oid
     and l.objid = (p_number::bigint & 4294967295)::oid
     and l.objsubid = 2
     and l.pid is distinct from pg_backend_pid();
$tidemark$;
`,
  },
  {
    name: "stop_projection_writers",
    text: `-- Waits until no transaction that writes an inline projection is in flight, and lets none begin until this one ends: each holds
-- the projection's number as a shared advisory lock, of the class of the gate. Statements after this one see what they
-- wrote. Waits at most 100 ms, since new writers wait behind it, and fails (55P03) with the names of the transactions in the way.
create function :"schema".stop_projection_writers(p_name text, p_version integer) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '100ms'
as $tidemark$
declare
  c_number constant integer := :"schema".projection_number(:"schema".follower_name('projection', p_name, p_version));
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception 'what appends wrote is seen only under READ COMMITTED, not %', upper(current_setting('transaction_isolation')) using errcode = 'TM001';
  end if;
  perform pg_advisory_xact_lock(:"schema".lock_number(:regclass(projections)::oid::bigint), c_number);
exception
  when lock_not_available then
    raise exception 'the inline projection % (version %) is being written by %: until that has ended, nothing else may begin to', p_name, p_version,
        coalesce(:"schema".gate_holders(c_number), 'a transaction that has ended meanwhile')
      using errcode = '55P03';
end
$tidemark$;
`,
  },
  {
    name: "change_projection",
    text: `-- Changes a projection's state, which decides who writes it. Returns the state before; null if there is no such projection.
--
--   p_from  only where it is in this state; null: whatever it is
--
-- Appends write a live projection, so those that write it are stopped first, and no others. They have then written it up to exactly
-- the end of the log, where its follower starts: other appends in flight hold no event for it. The epoch rises, and appends read
-- the registry again.
-- A follower that stopped at an event tries that event again.
--
-- Rows are locked first, however long that takes: while this holds the writers' lock, it must not wait for anything else. The order of
-- rows is that of reset_consumer() and take_shard(): consumers → leases → shards, and the epoch last.
create function :"schema".change_projection(p_name text, p_version integer, p_state text, p_from text) returns text
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '5s'
as $tidemark$
declare
  v_follower text;        -- of an inline projection: what it has for all tenants
  v_mode text;
  v_state text;
begin
  select p.mode, p.state into v_mode, v_state
    from :"schema".projections as p where p.name = p_name and p.version = p_version for no key update;
  if not found then
    return null;
  end if;
  if v_state <> coalesce(p_from, v_state) then
    return v_state;
  end if;

  if v_state <> p_state then
    if v_state = 'live' then
      select c.name into v_follower
        from :"schema".consumers as c
       where c.tenant = '' and c.kind = 'projection' and c.owner_name = p_name and c.owner_version = p_version
         for no key update;
      perform
         from :"schema".consumer_leases as l
         join :"schema".consumer_shards as s on s.id = l.id
        where s.tenant = '' and s.consumer = v_follower
        order by l.id
          for update of l;
      perform from :"schema".consumer_shards as s where s.tenant = '' and s.consumer = v_follower for no key update;
      -- An append of a REPEATABLE READ transaction holds this row FOR SHARE until that ends (enter_gate).
      perform from :"schema".projection_epoch as e where e.only_row for no key update;
      perform :"schema".stop_projection_writers(p_name, p_version);
      update :"schema".consumer_shards as s
         set position = coalesce(head.position, 0), event_id = head.id
        from (select) as nothing
        left join (select e.position, e.id from :"schema".events as e order by e.position desc limit 1) as head on true
       where s.tenant = '' and s.consumer = v_follower;
    end if;
    update :"schema".projections as p
       set state = p_state, changed_at = clock_timestamp()
     where p.name = p_name and p.version = p_version;
    update :"schema".consumers as c
       set paused = p_state not in ('behind', 'following')
     where c.kind = 'projection' and c.owner_name = p_name and c.owner_version = p_version;
    if v_mode = 'inline' then
      perform :"schema".raise_epoch();
    end if;
  end if;
  if p_state in ('behind', 'following') then
    perform :"schema".resume_consumer(c.tenant, c.name)
       from :"schema".consumers as c
      where c.kind = 'projection' and c.owner_name = p_name and c.owner_version = p_version;
  end if;
  return v_state;
end
$tidemark$;
`,
  },
  {
    name: "claim_timers",
    text: `-- Takes timers that are due, for a transaction that appends their events: those that fire once are deleted, recurring ones stay locked.
-- With p_key: this one, if it is still the same and due. Without: up to p_limit of those that have never failed, by due time, unless
-- another transaction of this tenant is taking some. That keeps them in order and their rate bounded, however many workers there are.
--
-- Locked rows are skipped: whoever cancels or replaces such a timer came first. A timer that was moved to a later time since the statement
-- began is looked at again once its row is locked, and stays.
--
--   p_lock_ms  how long each later lock of the transaction is waited for. Shorter than deadlock_timeout: a transaction of the caller's
--              may hold the stream of a timer, and wait for this one to replace it
--
-- The rows are locked, so that they stay where they are, and are found there: a plan that was made when there were few timers, and is kept, would compare
-- each of those that are taken with all that are pending. It would also take all timers by their keys and sort them, where the index by due time had become
-- the wider one: so nothing is sorted that an index can give in order.
--
-- taken_now: the clock that they were due by.
create function :"schema".claim_timers(
  p_tenant text, p_limit integer, p_lock_ms integer, p_owner bigint default null, p_key text default null, p_event_id uuid default null
)
  returns table (
    taken_owner bigint, taken_key text, taken_stream text, taken_event_id uuid, taken_type text, taken_schema_version smallint, taken_data jsonb,
    taken_metadata jsonb, taken_tags text[], taken_due_at timestamptz, taken_cron text, taken_time_zone text, taken_missed text,
    taken_attempts integer, taken_now timestamptz
  )
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set jit = off
  set enable_seqscan = off
  set enable_sort = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set enable_bitmapscan = off
  set plan_cache_mode = force_generic_plan
as $tidemark$
declare
  v_now constant timestamptz := clock_timestamp();
  v_tids tid[];
begin
  perform set_config('lock_timeout', p_lock_ms || 'ms', true);
  if p_key is not null then
    select array_agg(due.tid)
      into v_tids
      from (
        select t.ctid as tid
          from :"schema".timers as t
         where t.tenant = p_tenant and t.owner = p_owner and t.key = p_key and t.event_id = p_event_id
           and t.due_at <= v_now and coalesce(t.next_try_at, t.due_at) <= v_now
           for update skip locked
      ) as due;
  elsif pg_try_advisory_xact_lock(:"schema".lock_number(:regclass(timers)::oid::bigint), hashtext(p_tenant)) then
    select array_agg(due.tid)
      into v_tids
      from (
        select t.ctid as tid
          from :"schema".timers as t
         where t.tenant = p_tenant and t.next_try_at is null and t.due_at <= v_now
         order by t.due_at, t.owner, t.key
         limit p_limit
           for update skip locked
      ) as due;
  end if;
  if v_tids is null then
    return;
  end if;

  return query
  with gone as (
    delete from :"schema".timers as t where t.ctid = any (v_tids) and t.cron is null
    returning t.*
  ), taken as (
    select * from gone
    union all
    select t.* from :"schema".timers as t where t.ctid = any (v_tids) and t.cron is not null
  )
  select t.owner, t.key, t.stream, t.event_id, t.type, t.schema_version, t.data,
         jsonb_build_object(
           'timer', jsonb_build_object('key', t.key, 'dueAt', to_char(t.due_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
         ) || coalesce(t.metadata, '{}'),
         t.tags, t.due_at, t.cron, t.time_zone, t.missed, t.attempts, v_now
    from taken as t
   order by t.due_at, t.owner, t.key;
end
$tidemark$;
`,
  },
  {
    name: "close_gate",
    text: `-- Takes the gate exclusively, until the transaction ends: no append is in flight, and none begins. Statements
-- after this one see everything committed before. Waits at most 100 ms (55P03), since every append waits behind it.
create function :"schema".close_gate() returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '100ms'
as $tidemark$
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception 'what appends wrote is seen only under READ COMMITTED, not %', upper(current_setting('transaction_isolation')) using errcode = 'TM001';
  end if;
  perform pg_advisory_xact_lock(:"schema".lock_number(:regclass(projections)::oid::bigint), 0);
end
$tidemark$;
`,
  },
  {
    name: "copy_grants",
    text: `-- Gives to the table of one version of a collection what others may do with the table of another, and with its columns. It takes
-- nothing away.
create function :"schema".copy_grants(p_table regclass, p_other regclass) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_grant text;
begin
  for v_grant in
    select format(
             'grant %s%s on %s to %s%s', g.privilege_type, g.columns, p_other,
             case g.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(g.grantee)) end,
             case when g.is_grantable then ' with grant option' else '' end)
      from (
        select a.grantee, a.privilege_type, a.is_grantable, '' as columns, c.relowner as owner
          from pg_class as c cross join lateral aclexplode(c.relacl) as a
         where c.oid = p_table
        union all
        select a.grantee, a.privilege_type, a.is_grantable, format(' (%I)', t.attname), c.relowner
          from pg_attribute as t
          join pg_class as c on c.oid = t.attrelid
         cross join lateral aclexplode(t.attacl) as a
         where t.attrelid = p_table and not t.attisdropped
           and exists (select from pg_attribute as o where o.attrelid = p_other and o.attname = t.attname and not o.attisdropped)
      ) as g
     where g.grantee <> g.owner
  loop
    execute v_grant;
  end loop;
end
$tidemark$;
`,
  },
  {
    name: "create_shards",
    text: `-- Inserts the rows of a consumer's shards, all at one position and without an owner.
create function :"schema".create_shards(p_tenant text, p_consumer text, p_shards integer, p_position bigint, p_event_id uuid, p_fence bigint) returns void
  language sql
  set search_path = pg_catalog, pg_temp
as $tidemark$
  with created as (
    insert into :"schema".consumer_shards (tenant, consumer, shard, position, event_id, fence)
    select p_tenant, p_consumer, shard, p_position, p_event_id, p_fence from generate_series(0, p_shards - 1) as shard
    returning id
  )
  insert into :"schema".consumer_leases (id) select id from created;
$tidemark$;
`,
  },
  {
    name: "refuse_shard",
    text: `-- Raises TM005: the shard is not where this worker left it. detail holds the fence and the checkpoint as they are now; both
-- are null where the shard is gone.
create function :"schema".refuse_shard(p_id integer, p_fence bigint) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_now jsonb;
begin
  select jsonb_build_object('fence', s.fence, 'position', s.position) into v_now from :"schema".consumer_shards as s where s.id = p_id;
  raise exception 'shard % is not held with fence %', p_id, p_fence
    using errcode = 'TM005', detail = coalesce(v_now, '{"fence": null, "position": null}');
end
$tidemark$;
`,
  },
  {
    name: "dead_letter_failed_again",
    text: `-- Records that a retried dead letter failed again, after p_attempts attempts: it stays, with the new error. Fails (TM005) if the
-- shard has another owner, which tries it too.
create function :"schema".dead_letter_failed_again(
  p_id integer, p_fence bigint, p_position bigint, p_attempts integer, p_code text, p_message text, p_stack text
)
  returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set enable_bitmapscan = off
as $tidemark$
begin
  perform from :"schema".consumer_shards as s where s.id = p_id and s.fence = p_fence for no key update;
  if not found then
    perform :"schema".refuse_shard(p_id, p_fence);
  end if;
  update :"schema".dead_letters as d
     set retry_requested = false,
         state = case when d.state = 'parked' then 'failed' else d.state end,
         attempts = d.attempts + p_attempts,
         error_code = p_code, error_message = p_message, error_stack = p_stack
    from :"schema".consumer_shards as s
   where s.id = p_id and d.tenant = s.tenant and d.consumer = s.consumer and d.position = p_position;
end
$tidemark$;
`,
  },
  {
    name: "evict_owners",
    text: `-- Ends every lease of a consumer and raises every fence: nothing that its owners have in flight can commit. Leases before
-- shards, as in take_shard().
create function :"schema".evict_owners(p_tenant text, p_name text) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  perform
     from :"schema".consumer_leases as l
     join :"schema".consumer_shards as s on s.id = l.id
    where s.tenant = p_tenant and s.consumer = p_name
    order by l.id
      for update of l;
  update :"schema".consumer_leases as l
     set lease_end = '-infinity', state = 'stopped'
    from :"schema".consumer_shards as s
   where s.id = l.id and s.tenant = p_tenant and s.consumer = p_name;
  update :"schema".consumer_shards as s set fence = s.fence + 1 where s.tenant = p_tenant and s.consumer = p_name;
end
$tidemark$;
`,
  },
  {
    name: "delete_consumer",
    text: `-- Removes a consumer with its checkpoints, dead letters and their history. Workers that run it are fenced off: what they have in
-- flight rolls back. False where there is no such consumer; a projection's follower is none.
create function :"schema".delete_consumer(p_tenant text, p_name text) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  -- The consumer before its leases, and these before its shards, as in rename_consumer().
  perform from :"schema".consumers as c where c.tenant = p_tenant and c.name = p_name and c.kind = 'consumer' for update;
  if not found then
    return false;
  end if;
  perform :"schema".evict_owners(p_tenant, p_name);
  -- In the order of discard_letter(): else the two could wait for each other.
  perform from :"schema".dead_letters as d where d.tenant = p_tenant and d.consumer = p_name order by d.position for update;
  delete from :"schema".consumers as c where c.tenant = p_tenant and c.name = p_name;
  return true;
end
$tidemark$;
`,
  },
  {
    name: "keep_resolved",
    text: `-- Records how a removed dead letter was resolved: 'handled', 'discarded', or 'reset' if its event comes again. Keeps the last thousand
-- of each consumer. Call it only from functions with their own search_path.
create function :"schema".keep_resolved(p_letter :"schema".dead_letters, p_outcome text) returns void
  language sql
as $tidemark$
  insert into :"schema".dead_letter_history (tenant, consumer, position, stream_id, event_id, outcome, attempts, error_code, error_message, parked_at)
    values (p_letter.tenant, p_letter.consumer, p_letter.position, p_letter.stream_id, p_letter.event_id, p_outcome,
            p_letter.attempts, p_letter.error_code, p_letter.error_message, p_letter.parked_at);
  delete from :"schema".dead_letter_history as h
   where h.tenant = p_letter.tenant and h.consumer = p_letter.consumer
     and h.id <= (
       select k.id
         from :"schema".dead_letter_history as k
        where k.tenant = p_letter.tenant and k.consumer = p_letter.consumer
        order by k.id desc
       offset 1000
        limit 1
     );
$tidemark$;
`,
  },
  {
    name: "request_next_dead_letter",
    text: `-- Asks for the first dead letter of a lane to be tried again. Its letters go in order, so the first is the only one that may.
create function :"schema".request_next_dead_letter(p_tenant text, p_consumer text, p_lane text) returns bigint
  language sql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_sort = off
  set enable_bitmapscan = off
as $tidemark$
  update :"schema".dead_letters as d
     set retry_requested = true
   where d.tenant = p_tenant
     and d.consumer = p_consumer
     and d.position = (
           select x.position
             from :"schema".dead_letters as x
            where x.tenant = p_tenant and x.consumer = p_consumer and x.lane between p_lane and p_lane and x.state <> 'skipped'
            order by x.lane, x.position
            limit 1
         )
  returning d.position;
$tidemark$;
`,
  },
  {
    name: "discard_dead_letter",
    text: `-- Removes a dead letter for good. The letters of its lane that waited behind it are then handled. False if there is none.
create function :"schema".discard_dead_letter(p_tenant text, p_consumer text, p_position bigint) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_sort = off
  set enable_bitmapscan = off
as $tidemark$
declare
  v_lane text;
  v_state text;
  v_first bigint;
  v_letter :"schema".dead_letters;
begin
  select d.lane, d.state into v_lane, v_state
    from :"schema".dead_letters as d where d.tenant = p_tenant and d.consumer = p_consumer and d.position = p_position;
  -- All of them, in one order: park_behind() puts none behind a letter that goes away here.
  perform
     from :"schema".dead_letters as d
    where d.tenant = p_tenant and d.consumer = p_consumer and d.lane between v_lane and v_lane
    order by d.lane, d.position
      for update;
  select d.position into v_first
    from :"schema".dead_letters as d
   where d.tenant = p_tenant and d.consumer = p_consumer and d.lane between v_lane and v_lane and d.state <> 'skipped'
   order by d.lane, d.position
   limit 1;
  delete from :"schema".dead_letters as d where d.tenant = p_tenant and d.consumer = p_consumer and d.position = p_position
  returning d.* into v_letter;
  if not found then
    return false;
  end if;
  perform :"schema".keep_resolved(v_letter, 'discarded');
  if v_first = p_position then
    perform :"schema".request_next_dead_letter(p_tenant, p_consumer, v_lane);
  end if;
  return true;
end
$tidemark$;
`,
  },
  {
    name: "document_instant",
    text: `-- The time that a text in a document names, in milliseconds since 1970; null if it names none. ISO 8601: a day, or a day
-- and a time to the minute or finer, with Z or an offset. Without either it is UTC. Digits beyond milliseconds are cut
-- off, as JavaScript does, and a 30th of February is the 2nd of March.
create function :"schema".document_instant(p_value jsonb) returns bigint
  language plpgsql immutable parallel safe
as $tidemark$
declare
  v_parts text[];
  v_offset text;
begin
  if pg_catalog.jsonb_typeof(p_value) is distinct from 'string' then
    return null;
  end if;
  v_parts := pg_catalog.regexp_match(p_value operator(pg_catalog.#>>) '{}' collate "C",
    '^(?!0000)([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])'
    '(?:T([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:[.]([0-9]+))?)?(Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?)?$');
  if v_parts is null then
    return null;
  end if;
  v_offset := case when pg_catalog.length(v_parts[8]) = 6 then v_parts[8] else '+00:00' end;
  return (pg_catalog.make_date(v_parts[1]::integer, v_parts[2]::integer, 1) - date '1970-01-01' + v_parts[3]::integer - 1)::bigint * 86400000
    + (coalesce(v_parts[4], '0')::integer * 3600 + coalesce(v_parts[5], '0')::integer * 60 + coalesce(v_parts[6], '0')::integer) * 1000
    + pg_catalog.rpad(pg_catalog.left(coalesce(v_parts[7], '0'), 3), 3, '0')::integer
    - (pg_catalog.left(v_offset, 1) || '1')::integer * (pg_catalog.substr(v_offset, 2, 2)::integer * 60 + pg_catalog.substr(v_offset, 5, 2)::integer) * 60000;
end
$tidemark$;
`,
  },
  {
    name: "document_state",
    text: `-- Why documents of a projection may be old or missing; reason is null where they are not, or where the projection is unknown. Of the version
-- p_version of p_name or, where p_name is null, of the one that the collection p_collection shows.
--
-- reason: 'paused', 'inactive'; 'stopped', at an event; 'building'; 'behind', an inline one that appends do not write now; 'unfollowed', no
-- worker has it, and there are events that it has not seen. details: the follower's last report.
--
-- A role that may only read documents can read none of these tables, and gets nulls.
create function :"schema".document_state(
  p_name text, p_version integer, p_collection text, p_tenant text,
  out name text, out version integer, out mode text, out reason text, out details jsonb
)
  language plpgsql
  stable
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_state text;
  v_served boolean;
  v_tenant text;
  v_position bigint;
  v_follower text;
  v_followed boolean;
  v_build text;
begin
  select p.name, p.version, p.mode, p.state, p.serving or p.served_until is not null
    into document_state.name, document_state.version, document_state.mode, v_state, v_served
    from :"schema".projections as p
   where (p.name = p_name and p.version = p_version) or (p_name is null and p.serving and p.definition ->> 'collection' = p_collection);
  if v_state is null or v_state = 'live' then
    return;
  elsif v_state in ('paused', 'inactive') then
    reason := v_state;
    return;
  end if;

  select c.tenant, s.position, l.state, l.lease_end > clock_timestamp(), l.details
    into v_tenant, v_position, v_follower, v_followed, document_state.details
    from :"schema".consumers as c
    join :"schema".consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
    join :"schema".consumer_leases as l on l.id = s.id
   where c.kind = 'projection' and c.owner_name = document_state.name and c.owner_version = document_state.version
     and (c.tenant = p_tenant or document_state.mode = 'inline' or c.definition ->> 'tenants' = 'all')
   order by c.tenant = p_tenant desc, l.state = 'failed' desc
   limit 1;
  if v_follower in ('failed', 'stopped') and details -> 'event' is not null then
    reason := 'stopped';
    return;
  end if;
  -- A build by following is marked ready only when a process checks whether it may serve.
  select case when b.way = 'follow' and b.state = 'building' and greatest(v_position, b.reached) >= b.target then 'ready' else b.state end
    into v_build
    from :"schema".projection_builds as b
   where b.name = document_state.name and b.version = document_state.version and b.tenant = coalesce(v_tenant, p_tenant);
  if v_build in ('building', 'failed') or (v_build is null and not v_served) then
    reason := 'building';
  elsif v_state = 'behind' then
    reason := 'behind';
  elsif v_followed is not true and exists (select from :"schema".events as e where e.position > coalesce(v_position, 0)) then
    reason := 'unfollowed';
  end if;
exception
  when insufficient_privilege then
    null;
end
$tidemark$;
`,
  },
  {
    name: "drop_projection",
    text: `-- Removes a version of a projection that nothing writes: its place in the log with what workers have in flight, its builds and its row. Its
-- table goes in the same transaction. Null where there is no such version; else whether it is gone: not while it serves or is written.
create function :"schema".drop_projection(p_name text, p_version integer) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_state text;
  v_serving boolean;
begin
  select p.state, p.serving into v_state, v_serving
    from :"schema".projections as p where p.name = p_name and p.version = p_version for update;
  if not found then
    return null;
  elsif v_serving or v_state not in ('paused', 'inactive') then
    return false;
  end if;
  perform from :"schema".consumers as c where c.kind = 'projection' and c.owner_name = p_name and c.owner_version = p_version order by c.tenant for update;
  perform :"schema".evict_owners(c.tenant, c.name)
     from :"schema".consumers as c where c.kind = 'projection' and c.owner_name = p_name and c.owner_version = p_version;
  delete from :"schema".consumers as c where c.kind = 'projection' and c.owner_name = p_name and c.owner_version = p_version;
  delete from :"schema".projection_builds as b where b.name = p_name and b.version = p_version;
  perform set_config('tidemark.dropping', 'a projection', true);
  delete from :"schema".projections as p where p.name = p_name and p.version = p_version;
  perform set_config('tidemark.dropping', '', true);
  return true;
end
$tidemark$;
`,
  },
  {
    name: "free_liveness_locks",
    text: `-- Those of these locks that no other session holds. It tries each lock, and holds what it gets until the statement ends: shared, so that
-- two sessions that look at once find the same. pg_locks would show the same, but stops every lock of the server for a moment.
--
-- plpgsql, because the same session calls it every second, and keeps its plan.
create function :"schema".free_liveness_locks(p_locks integer[]) returns integer[]
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  return (
    select coalesce(array_agg(liveness_lock), '{}')
      from unnest(p_locks) as liveness_lock
     where pg_try_advisory_xact_lock_shared(:"schema".lock_number(:regclass(consumer_workers)::oid::bigint), liveness_lock)
  );
end
$tidemark$;
`,
  },
  {
    name: "end_leases_of_dead",
    text: `-- Ends the leases of workers whose process is dead, so that others take them at once: those that still name one of these locks
-- while no session holds it. The caller has seen the lock held, and then free for some seconds.
--
-- A worker that lost its session but lives names another lock at its next heartbeat, or none. So the rows of consumer_workers
-- are locked, which waits for such a heartbeat, and read again behind the lock. Leases that another session has locked are being taken,
-- given back or ended: to wait for those, against the order of release_shards(), could be a deadlock.
--
-- A wrong verdict costs a takeover. It never costs more: take_shard() raises the fence.
create function :"schema".end_leases_of_dead(p_locks integer[]) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '2s'
as $tidemark$
declare
  c_free constant integer[] := :"schema".free_liveness_locks(p_locks);
  v_workers text[];
begin
  with dead as materialized (
    select w.tenant, w.consumer, w.worker
      from :"schema".consumer_workers as w
     where w.liveness_lock = any (c_free)
     order by w.tenant, w.consumer, w.worker
       for update
  ), gone as (
    delete from :"schema".consumer_workers as w
     where (w.tenant, w.consumer, w.worker) in (select d.tenant, d.consumer, d.worker from dead as d)
    returning w.worker
  )
  select array_agg(distinct worker) into v_workers from gone;

  update :"schema".consumer_leases as l
     set lease_end = '-infinity', state = 'stopped'
   where l.id in (
           select held.id
             from :"schema".consumer_leases as held
            where held.owner = any (v_workers) and held.lease_end > clock_timestamp()
            order by held.id
              for no key update skip locked
         );
end
$tidemark$;
`,
  },
  {
    name: "outbox_mark",
    text: `-- The mark of the outbox: the last message at or below the place where nothing new can appear. high_water_mark() finds that place; the
-- message is looked up in a new statement, whose snapshot is later. Taking both in one snapshot loses messages.
--
-- last_id is that of the message at p_position; looked up here, where no plan from when the outbox was small scans it.
--
-- p_position, p_id: as of high_water_mark(). On a standby there is none: relays write, and so run on the primary.
create function :"schema".outbox_mark(
  p_position bigint, p_id uuid,
  out mark bigint, out id uuid, out in_recovery boolean, out last_id uuid
)
  language plpgsql volatile
  set search_path = pg_catalog, pg_temp
  set jit = off
  set enable_seqscan = off
  set enable_bitmapscan = off
as $tidemark$
begin
  select m.bound, m.in_recovery into mark, in_recovery from :"schema".high_water_mark(0, null) as m;
  select o.position, o.id into mark, id
    from :"schema".outbox as o where o.position <= mark order by o.position desc limit 1;
  mark := coalesce(mark, 0);
  select o.id into last_id from :"schema".outbox as o where o.position = p_position;
  if mark < p_position and last_id = p_id then
    mark := p_position;
    id := p_id;
  end if;
end
$tidemark$;
`,
  },
  {
    name: "end_of_log",
    text: `-- The mark of the log that a follower reads, and the id of what stands there.
create function :"schema".end_of_log(p_source text, out mark bigint, out id uuid)
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  if p_source = 'outbox' then
    select m.mark, m.id into mark, id from :"schema".outbox_mark(0, null) as m;
  else
    select m.mark, m.id into mark, id from :"schema".high_water_mark(0, null) as m;
  end if;
end
$tidemark$;
`,
  },
  {
    name: "enter_append",
    text: `-- The first statement of an append that writes inline projections, before their documents are locked: the stream rows and the
-- gate, as in append_many, which finds them held. False where the projections' epoch is another one than p_epoch.
--
--   p_writes   what it writes, see enter_gate
--   p_lock_ms  how long a row is waited for until the transaction ends; null: as long as the session says
--   p_must     fail (TM007) instead of false, in a transaction of the library's, which is READ COMMITTED: what was sent behind this in
--              the same message is then left out
create function :"schema".enter_append(p_tenant text, p_tenants text, p_names text, p_kinds integer[], p_epoch bigint, p_writes text, p_lock_ms integer, p_must boolean) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set jit = off
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set enable_bitmapscan = off
  set plan_cache_mode = force_generic_plan
as $tidemark$
declare
  v_names text[];
  v_stream bigint;
  v_epoch bigint;
  v_done boolean;
begin
  -- Expressions as far as can be, here and below: a PERFORM is a statement whose plan is started anew.
  if p_lock_ms is not null then
    v_done := set_config('lock_timeout', p_lock_ms || 'ms', true) is not null;
  end if;

  -- One stream that exists, which most are, cheaply.
  if p_tenants is null and strpos(p_names, chr(30)) = 0 and p_kinds[1] < 2 then
    select id into v_stream from :"schema".streams where tenant = p_tenant and name = p_names for no key update;
  end if;
  if v_stream is null then
    v_names := string_to_array(p_names, chr(30));
    perform
       from :"schema".lock_streams(
              coalesce(string_to_array(p_tenants, chr(30)), array_fill(p_tenant, array[cardinality(v_names)])), v_names, p_kinds, false);
  end if;

  if not p_must then
    return :"schema".enter_gate(p_epoch, p_writes);
  end if;
  -- As enter_gate, which has a subtransaction to give all of it back. Here the transaction ends with the failure.
  if strpos(p_writes, chr(30)) = 0 then
    v_done := pg_advisory_xact_lock_shared(:"schema".lock_number(:regclass(projections)::oid::bigint), :"schema".projection_number(p_writes)) is not null;
  else
    perform pg_advisory_xact_lock_shared(:"schema".lock_number(:regclass(projections)::oid::bigint), :"schema".projection_number(follower))
       from unnest(string_to_array(p_writes, chr(30))) as follower;
  end if;
  v_done := pg_advisory_xact_lock_shared(:"schema".lock_number(:regclass(projections)::oid::bigint), 0) is not null;
  select e.epoch into v_epoch from :"schema".projection_epoch as e where e.only_row;
  if v_epoch is distinct from p_epoch then
    raise exception 'the projections'' epoch is not % any more', p_epoch using errcode = 'TM007';
  end if;
  return true;
end
$tidemark$;
`,
  },
  {
    name: "enter_shard",
    text: `-- The first statement of a handler's transaction. Fails at once (TM005) if the shard has another owner. Until the transaction ends,
-- its lock shows a takeover which backend to end. Returns that backend's process id.
--
-- The lock comes before the check: take_shard() either sees the lock, or has raised the fence.
create function :"schema".enter_shard(p_id integer, p_fence bigint) returns integer
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  perform pg_advisory_xact_lock_shared(:"schema".lock_number(:regclass(consumer_shards)::oid::bigint), p_id);
  perform from :"schema".consumer_shards as s where s.id = p_id and s.fence = p_fence;
  if not found then
    perform :"schema".refuse_shard(p_id, p_fence);
  end if;
  return pg_backend_pid();
end
$tidemark$;
`,
  },
  {
    name: "entry_of_log",
    text: `-- The id of the event, or the message of the outbox, at a position of the log that a follower reads; null where there is none.
create function :"schema".entry_of_log(p_source text, p_position bigint, out id uuid)
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  if p_source = 'outbox' then
    select o.id into id from :"schema".outbox as o where o.position = p_position;
  else
    select e.id into id from :"schema".events as e where e.position = p_position;
  end if;
end
$tidemark$;
`,
  },
  {
    name: "finish_shards",
    text: `-- Replaces a consumer's shards once all of them have reached the barrier. True if it did.
create function :"schema".finish_shards(p_tenant text, p_name text) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_consumer record;
  v_last record;
begin
  select c.barrier, c.next_shards into v_consumer
    from :"schema".consumers as c where c.tenant = p_tenant and c.name = p_name for no key update;
  if v_consumer.barrier is null then
    return false;
  end if;
  -- A new statement: each shard that reached the barrier before this one has committed, or waits for the row above.
  select s.position, s.event_id, max(s.fence) over () as fence, min(s.position) over () as least into v_last
    from :"schema".consumer_shards as s
   where s.tenant = p_tenant and s.consumer = p_name
   order by s.position desc
   limit 1;
  if v_last.least < v_consumer.barrier then
    return false;
  end if;
  -- Leases before shards, as in take_shard().
  perform :"schema".evict_owners(p_tenant, p_name);
  delete from :"schema".consumer_shards as s where s.tenant = p_tenant and s.consumer = p_name;
  perform :"schema".create_shards(p_tenant, p_name, v_consumer.next_shards, v_last.position, v_last.event_id, v_last.fence + 1);
  update :"schema".consumers as c
     set shards = v_consumer.next_shards, next_shards = null, barrier = null
   where c.tenant = p_tenant and c.name = p_name;
  return true;
end
$tidemark$;
`,
  },
  {
    name: "first_page_requests",
    text: `-- The streams whose events are asked for, of many readings at once: tenant and name of each, joined by U+001E, the versions after
-- which and up to which, and whose snapshot to begin with (kind, name and catalogue, joined by U+001E; state version), where p_kept is not ''.
-- Streams and snapshots are joined by U+001F. n is the number of each, from 1.
--
-- Strict, and so a function of its own, for the same reason as query_items: the statement around it keeps its plan.
-- It runs in the caller's search_path, since a SET would cost every read, and so each call in it names its schema.
create function :"schema".first_page_requests(p_streams text, p_after bigint[], p_until bigint[], p_kept text, p_state_versions integer[])
  returns table (tenant text, name text, after bigint, until bigint, kind text, snapshot text, catalogue text, state_version integer, n bigint)
  language sql immutable strict rows 1
as $tidemark$
  select pg_catalog.split_part(stream, pg_catalog.chr(30), 1), pg_catalog.split_part(stream, pg_catalog.chr(30), 2), each.after, each.until,
         pg_catalog.split_part(kept, pg_catalog.chr(30), 1), pg_catalog.split_part(kept, pg_catalog.chr(30), 2),
         pg_catalog.split_part(kept, pg_catalog.chr(30), 3), each.state_version, each.n
    from unnest(pg_catalog.string_to_array(p_streams, pg_catalog.chr(31)), p_after, p_until, pg_catalog.string_to_array(p_kept, pg_catalog.chr(31)), p_state_versions)
         with ordinality as each (stream, after, until, kept, state_version, n);
$tidemark$;
`,
  },
  {
    name: "forget_messages",
    text: `-- Removes messages of the outbox that every relay has published and that are older than p_keep_ms, the oldest first, at most p_most.
-- Returns how many. Those that became dead letters stay, so does the message that a checkpoint stands at, and so do those of a tenant
-- that no relay of the outbox reads. p_tenant: whose; null: those of all tenants. It passes over rows that others lock, so that two that clean up do not wait for each other.
create function :"schema".forget_messages(p_tenant text, p_keep_ms bigint, p_most integer) returns integer
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set jit = off
  set enable_seqscan = off
  set enable_bitmapscan = off
as $tidemark$
declare
  v_passed bigint;
  v_removed integer;
begin
  select min(s.position) into v_passed
    from :"schema".consumers as c
    join :"schema".consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
   where c.source = 'outbox';
  with old as materialized (
    select o.position
      from :"schema".outbox as o
     where o.position < v_passed
       and (p_tenant is null or o.tenant = p_tenant)
       and o.published_at < clock_timestamp() - p_keep_ms::float8 * interval '1 millisecond'
       and exists (
             select from :"schema".consumers as c
              where c.source = 'outbox' and (c.tenant = o.tenant or c.definition ->> 'tenants' = 'all')
           )
       and not exists (select from :"schema".dead_letters as d where d.position = o.position)
     order by o.position
     limit p_most
       for update skip locked
  ), gone as (
    delete from :"schema".outbox as o using old where o.position = old.position returning 1
  )
  select count(*)::integer into v_removed from gone;
  return v_removed;
end
$tidemark$;
`,
  },
  {
    name: "gate_locks",
    text: `-- The other holders of the gate at this moment. A prepared transaction has no pid.
create function :"schema".gate_locks() returns table (pid integer, virtualtransaction text)
  language sql volatile
  set search_path = pg_catalog, pg_temp
as $tidemark$
  select l.pid, l.virtualtransaction
    from pg_catalog.pg_locks as l
   where l.locktype = 'advisory'
     and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
     and l.classid = :regclass(projections)::oid
     and l.objid = 0
     and l.objsubid = 2
     and l.granted
     and l.pid is distinct from pg_backend_pid();
$tidemark$;
`,
  },
  {
    name: "gate_is_idle",
    text: `-- Whether no transaction has held the gate for more than 100 ms. Closing it then does not take long. A prepared transaction holds it
-- until it is ended.
--
-- Only members of pg_read_all_stats see when other roles' transactions began. Without that, the transaction is checked again after
-- 100 ms: every role sees its virtual id, which is unique.
create function :"schema".gate_is_idle() returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_old boolean;
  v_unknown text[];
begin
  select bool_or(l.pid is null or a.xact_start < clock_timestamp() - interval '100 milliseconds'),
         array_agg(l.virtualtransaction) filter (where l.pid is not null and a.xact_start is null)
    into v_old, v_unknown
    from :"schema".gate_locks() as l
    left join pg_catalog.pg_stat_activity as a on a.pid = l.pid;
  if v_unknown is null or v_old then
    return v_old is not true;
  end if;
  perform pg_sleep(0.1);
  return not exists (select from :"schema".gate_locks() as l where l.virtualtransaction = any (v_unknown));
end
$tidemark$;
`,
  },
  {
    name: "hold_documents",
    text: `-- Holds a projection where it is, for who repairs a document: until the transaction ends, its follower's transactions wait (enter_shard), and
-- neither its checkpoint nor its state changes. Waits at most 2 s (55P03): handlers that begin wait behind this.
--
-- state: of the registry; null where there is no such version. position: everything up to here is in its documents; of a live one that is no
-- use, for appends write it. started_after: nothing up to here is in them; null where no worker ever followed it. built: false while it is
-- built in memory, whose owner would not see what is written here.
create function :"schema".hold_documents(
  p_name text, p_version integer, p_tenant text,
  out state text, out "position" bigint, out started_after bigint, out built boolean
)
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '2s'
as $tidemark$
declare
  v_shard integer;
  v_tenant text;
begin
  select s.id, c.tenant, c.started_after
    into v_shard, v_tenant, hold_documents.started_after
    from :"schema".consumers as c
    join :"schema".consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
    join :"schema".projections as p on p.name = c.owner_name and p.version = c.owner_version
   where c.kind = 'projection' and c.owner_name = p_name and c.owner_version = p_version
     and (c.tenant = p_tenant or p.mode = 'inline' or c.definition ->> 'tenants' = 'all')
   order by c.tenant = p_tenant desc
   limit 1;
  if v_shard is not null then
    perform pg_advisory_xact_lock(:"schema".lock_number(:regclass(consumer_shards)::oid::bigint), v_shard);
    select s.position into hold_documents.position from :"schema".consumer_shards as s where s.id = v_shard for no key update;
  end if;
  select p.state into hold_documents.state from :"schema".projections as p where p.name = p_name and p.version = p_version;
  built := not exists (
    select
      from :"schema".projection_builds as b
     where b.name = p_name and b.version = p_version and b.tenant = coalesce(v_tenant, p_tenant) and b.state in ('building', 'checking')
  );
end
$tidemark$;
`,
  },
  {
    name: "hold_liveness_lock",
    text: `-- Takes a lock that says "this process lives": until its session ends, which PostgreSQL notices at once when the process dies.
-- Held by the connection that listens, and named in consumer_workers. False: another session holds this number.
create function :"schema".hold_liveness_lock(p_lock integer) returns boolean
  language sql volatile
  set search_path = pg_catalog, pg_temp
as $tidemark$
  select pg_try_advisory_lock(:"schema".lock_number(:regclass(consumer_workers)::oid::bigint), p_lock);
$tidemark$;
`,
  },
  {
    name: "hold_projection_shards",
    text: `-- Waits until no handler's transaction of two versions of a projection is in flight, and lets none begin until this one ends: each of them
-- holds its shard's lock (enter_shard). Waits at most a second for each (55P03): nobody but these handlers waits behind it.
create function :"schema".hold_projection_shards(p_name text, p_version integer, p_other integer) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '1s'
as $tidemark$
begin
  perform pg_advisory_xact_lock(:"schema".lock_number(:regclass(consumer_shards)::oid::bigint), held.id)
     from (
       select s.id
         from :"schema".consumers as c
         join :"schema".consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
        where c.kind = 'projection' and c.owner_name = p_name and c.owner_version in (p_version, p_other)
        order by s.id
       offset 0
     ) as held;
end
$tidemark$;
`,
  },
  {
    name: "import_events",
    text: `-- Writes a batch of an import: events with their own times, in the order given, which is that of the file. All or nothing;
-- an id that is in the log already fails it (23505, events_tenant_id_key), see imported_events.
--
-- The order of every append: stream rows (by name) → gate → claims → new statement → floor → positions → insert.
--
--   p_tenants      tenant of each slot, joined by U+001E; null where all are p_tenant
--   p_names        stream of each slot, joined by U+001E, in the order of (tenant, name), each once
--   p_heads        of each slot: the version that this import left it at, null where it does not know. A stream that another
--                  session extended since fails the batch (23505, events_stream_id_version_key)
--   p_slot         slot of each event; p_place its place among those of its slot (1, 2, 3 …)
--   p_event_tenants  tenant of each event, joined by U+001E; null where all are p_tenant
--   p_types, p_data, p_metadata, p_tags   as in append_many
--   p_recorded_at  milliseconds since 1970; null, or a null in it: now
--   p_schema_versions   null: all are 1
--   p_positions    keep these, which rise; null: draw new ones
--   p_after        with p_positions: where the log must end, so that nothing of anybody else's is among them
--   p_count        with p_positions: how many events the log must hold; null: not counted
--   p_epoch        the projections' epoch that the caller knows; where it is another one nothing is written, and both results
--                  are null
--
--   heads  of each slot: the version before; null where all streams are new
--   last   position of the last event
--
-- With p_positions the gate is taken exclusively: no append is in flight, conditional ones neither, so that no reader can have passed the positions
-- that are written, and an append that came between two batches is noticed by p_after (TM006).
--
-- lock_timeout ends a wait before the server's deadlock_timeout would end one of the two waiting: the import is the one that
-- can be sent again.
create function :"schema".import_events(
  p_tenant text, p_tenants text, p_names text, p_heads bigint[], p_slot integer[], p_place integer[], p_event_tenants text,
  p_ids uuid[], p_types text, p_data text, p_metadata text, p_tags text,
  p_recorded_at bigint[], p_schema_versions smallint[],
  p_positions bigint[], p_after bigint, p_count bigint, p_epoch bigint default 0,
  out heads bigint[], out last bigint
)
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '500ms'
  set jit = off
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set enable_bitmapscan = off
  set plan_cache_mode = force_generic_plan
as $tidemark$
declare
  v_names constant text[] := string_to_array(p_names, chr(30));
  v_tenants constant text[] := coalesce(string_to_array(p_tenants, chr(30)), array_fill(p_tenant, array[cardinality(v_names)]));
  c_gate constant integer := :"schema".lock_number(:regclass(projections)::oid::bigint);
  v_streams bigint[];
  v_all_new boolean;
  v_end bigint;
  v_events bigint;
  v_now timestamptz;
  v_positions bigint[];   -- of each event
  v_floor bigint;
  v_claimed boolean;
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception 'an append needs READ COMMITTED, not %', upper(current_setting('transaction_isolation')) using errcode = 'TM001';
  end if;

  select p_streams, p_all_new
    into v_streams, v_all_new
    from :"schema".lock_streams(v_tenants, v_names, array_fill(1, array[cardinality(v_names)]), false);
  if p_positions is null then
    perform pg_advisory_xact_lock_shared(c_gate, 0);
    v_claimed := :"schema".take_claims(
      case
        when p_event_tenants is null then array[hashtext(p_tenant)]
        else (select array_agg(hashtext(tenant) order by n) from unnest(string_to_array(p_event_tenants, chr(30))) with ordinality as each (tenant, n))
      end,
      null, null, p_types, p_tags, null, null, null, true) is null;
  else
    perform pg_advisory_xact_lock(c_gate, 0);
    select coalesce(max(position), 0) into v_end from :"schema".events;
    if p_count is not null then
      select count(*) into v_events from :"schema".events;
    end if;
    if v_end <> p_after or v_events <> p_count then
      raise exception 'the log ends at position % with % events', v_end, coalesce(v_events::text, 'other')
        using errcode = 'TM006',
          hint = 'Positions can be kept only where the store holds nothing but the beginning of this import, and nobody else writes to it.';
    end if;
  end if;

  v_now := clock_timestamp();
  if not v_all_new then
    select array_agg(coalesce(known, head.version, 0) order by slot)
      into heads
      -- What the caller knows is checked by the index on versions, which sees only its own leaf of a log in partitions.
      from unnest(v_streams, case when pg_partition_root(:regclass(events)) is null then p_heads end) with ordinality as wanted (stream_id, known, slot)
      left join lateral (
        select version from :"schema".events as e where known is null and e.stream_id = wanted.stream_id order by version desc limit 1
      ) as head on true;
  end if;

  v_floor := :"schema".hold_floor(p_epoch);
  if v_floor is null then
    return;
  end if;
  if p_positions is null then
    v_positions := array(select nextval(:regclass(events_position_seq)) from generate_series(1, cardinality(p_ids)));
  else
    v_positions := p_positions;
    perform setval(:regclass(events_position_seq), greatest(v_positions[cardinality(v_positions)], pg_sequence_last_value(:regclass(events_position_seq))));
  end if;
  last := v_positions[cardinality(v_positions)];

  -- Nothing is returned: to pass all rows on, and to sort them, took a sixth of the time.
  insert into :"schema".events (position, stream_id, version, id, recorded_at, schema_version, tenant, type, data, metadata, tags)
  select position, v_streams[slot], coalesce(heads[slot], 0) + place, id,
         coalesce(to_timestamp(recorded_at::float8 / 1000), v_now), coalesce(schema_version, 1), coalesce(tenant, p_tenant),
         type, data::jsonb, nullif(metadata, '')::jsonb, string_to_array(nullif(tags, ''), chr(31))
    from unnest(
      v_positions, p_slot, p_place, string_to_array(p_event_tenants, chr(30)), p_ids, string_to_array(p_types, chr(30)), string_to_array(p_data, chr(30)),
      string_to_array(p_metadata, chr(30)), string_to_array(p_tags, chr(30)), p_recorded_at, p_schema_versions
    ) as event (position, slot, place, tenant, id, type, data, metadata, tags, recorded_at, schema_version);
  if p_tags is not null then
    insert into :"schema".event_tags (tenant, tag, position)
    select coalesce(tenant, p_tenant), unnest(string_to_array(tags, chr(31))), position
      from unnest(v_positions, string_to_array(p_event_tenants, chr(30)), string_to_array(p_tags, chr(30))) as event (position, tenant, tags)
     where tags <> '';
  end if;
  if pg_partition_root(:regclass(events)) is not null then
    perform :"schema".keep_event_ids(v_positions);
  end if;
end
$tidemark$;
`,
  },
  {
    name: "imported_events",
    text: `-- Which events of an import are in the log already, by their ids; takes no locks. An event never changes, so what is found
-- stays true; what is not found may be written by another session a moment later, and then events_tenant_id_key refuses
-- import_events.
--
--   parameters as in import_events; p_positions null: any position will do
--
-- Of each event an \`imported\` number of codes.ts. Metadata and times are not compared.
create function :"schema".imported_events(
  p_tenant text, p_tenants text, p_names text, p_slot integer[], p_event_tenants text,
  p_ids uuid[], p_types text, p_data text, p_tags text, p_positions bigint[]
) returns integer[]
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set jit = off
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set enable_bitmapscan = off
  set plan_cache_mode = force_generic_plan
as $tidemark$
declare
  v_names constant text[] := string_to_array(p_names, chr(30));
  v_tenants constant text[] := coalesce(string_to_array(p_tenants, chr(30)), array_fill(p_tenant, array[cardinality(v_names)]));
  v_streams bigint[];     -- by slot: its id, or absent
begin
  select array_agg(coalesce(stream.id, 0) order by slot)
    into v_streams
    from unnest(v_tenants, v_names) with ordinality as wanted (tenant, name, slot)
    left join lateral (
      select id from :"schema".streams as s where s.tenant = wanted.tenant and s.name = wanted.name
    ) as stream on true;

  return (
    select array_agg(case
             when event.id is null then 0
             when event.stream_id <> v_streams[wanted.slot] then 2
             when event.type <> wanted.type then 3
             when event.data <> wanted.data::jsonb then 4
             when coalesce(event.tags, '{}') <> coalesce(string_to_array(nullif(wanted.tags, ''), chr(31)), '{}') then 5
             when event.position <> wanted.position then 6
             else 1
           end order by n)
      from unnest(
        p_slot, string_to_array(p_event_tenants, chr(30)), p_ids, string_to_array(p_types, chr(30)), string_to_array(p_data, chr(30)),
        string_to_array(p_tags, chr(30)), p_positions
      ) with ordinality as wanted (slot, tenant, id, type, data, tags, position, n)
      left join lateral (
        select e.id, e.stream_id, e.type, e.data, e.tags, e.position
          from :"schema".events as e
         where e.tenant = coalesce(wanted.tenant, p_tenant) and e.id = wanted.id
      ) as event on true
  );
end
$tidemark$;
`,
  },
  {
    name: "keep_high_water_mark",
    text: `-- Writes the mark down for standbys. Sound when called in a later transaction than the one that read the mark: the commit
-- record of this row then follows those of all events it covers. A row that another session is writing is skipped.
--
-- The event must be there: after a failover the mark may come from a server that had more, and a row ahead of the log would
-- let standbys pass open appends.
create function :"schema".keep_high_water_mark(p_position bigint, p_id uuid) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  perform from :"schema".high_water_mark as m where m.position < p_position for no key update skip locked;
  if found then
    update :"schema".high_water_mark as m
       set position = p_position, event_id = p_id, written_at = clock_timestamp()
     where m.position < p_position
       and exists (select from :"schema".events as e where e.position = p_position and e.id = p_id);
  end if;
end
$tidemark$;
`,
  },
  {
    name: "keep_snapshot",
    text: `-- Writes a snapshot, unless there is one of as many events or more: what was read earlier never replaces what was read later.
-- p_replaces: the last event of a snapshot that its reader found not to belong to the stream, which goes however many events it
-- has. Snapshots of older state versions go, too, and those of other catalogues after a day, in which versions of an application may
-- run side by side. Returns whether it was written.
--
-- No command waits for it, and it waits for at most a second. This function and a deletion both lock several snapshots: always those of one
-- stream from the latest state version to the earliest, or two of them could wait for each other.
create function :"schema".keep_snapshot(
  p_tenant text, p_kind text, p_name text, p_key text, p_state_version integer, p_catalogue text,
  p_version bigint, p_position bigint, p_event_id uuid, p_heads json, p_state json, p_patches json, p_replaces uuid
) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '1s'
as $tidemark$
begin
  -- If a crash loses it, the next command reads more events once. A command that commits beside it should not wait for its disk.
  perform set_config('synchronous_commit', 'off', true);

  insert into :"schema".snapshots as s (tenant, kind, name, key, state_version, catalogue, version, position, event_id, heads, state, patches)
  values (p_tenant, p_kind, p_name, p_key, p_state_version, p_catalogue, p_version, p_position, p_event_id, p_heads, p_state, p_patches)
  on conflict on constraint snapshots_pkey do update
    set version = excluded.version, position = excluded.position, event_id = excluded.event_id, heads = excluded.heads,
        state = excluded.state, patches = excluded.patches, taken_at = excluded.taken_at
  where s.version < excluded.version or s.event_id = p_replaces;
  if not found then
    return false;
  end if;
  with outdated as materialized (
    select s.state_version
      from :"schema".snapshots as s
     where s.tenant = p_tenant and s.kind = p_kind and s.name = p_name and s.key = p_key and s.state_version < p_state_version
     order by s.state_version desc, s.catalogue
       for update
  )
  delete from :"schema".snapshots as s
   using outdated
   where s.tenant = p_tenant and s.kind = p_kind and s.name = p_name and s.key = p_key
     and s.state_version = outdated.state_version;
  -- Two catalogues may each find the other's outdated: what is locked goes with the next snapshot.
  with abandoned as materialized (
    select s.catalogue
      from :"schema".snapshots as s
     where s.tenant = p_tenant and s.kind = p_kind and s.name = p_name and s.key = p_key and s.state_version = p_state_version
       and s.catalogue <> p_catalogue and s.taken_at < clock_timestamp() - interval '1 day'
       for update skip locked
  )
  delete from :"schema".snapshots as s
   using abandoned
   where s.tenant = p_tenant and s.kind = p_kind and s.name = p_name and s.key = p_key and s.state_version = p_state_version
     and s.catalogue = abandoned.catalogue;
  return true;
end
$tidemark$;
`,
  },
  {
    name: "load_process_instances",
    text: `-- Returns those of these instances of a process that exist, and locks those that this version runs. p_instances: a JSON array of names.
-- In the order of their ids, in which every transaction that locks several of them does so.
--
-- Each name is looked up by itself, and then each id, whatever the statistics say: in a table that was not analyzed yet the planner takes the instances of a
-- process for one, and a join, or "= any" over names, reads all that wait for each batch. So does a join over ids, where few rows are of that version, or of
-- another. An "= any" over ids has no other index to go by than that of the ids.
create function :"schema".load_process_instances(p_tenant text, p_process text, p_version integer, p_instances jsonb)
  returns setof :"schema".process_instances
  language sql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set enable_bitmapscan = off
as $tidemark$
  with found as materialized (
    select one.id
      from jsonb_array_elements_text(p_instances) as g (instance)
     cross join lateral (
       select i.id
         from :"schema".process_instances as i
        where i.tenant = p_tenant and i.process = p_process and i.instance = g.instance
        limit 1
     ) as one
  ), own as materialized (
    select i.*
      from :"schema".process_instances as i
     where i.id = any (array(select found.id from found)) and i.version = p_version
     order by i.id
       for no key update of i
  )
  select * from own
   union all
  select i.*
    from :"schema".process_instances as i
   where i.id = any (array(select found.id from found)) and i.version <> p_version
$tidemark$;
`,
  },
  {
    name: "lock_absent_documents",
    text: `-- Locks documents that do not exist, until the transaction ends: two appends that both create one would each evolve it from
-- nothing, and the second would overwrite the first. A lock for each hash of tenant and id, in the class of the table's OID,
-- in one order for all, behind the shared lock -1 of that class. Where they are more than lock_budget() allows, -1 is taken
-- exclusively instead, and stands for all documents of the table.
--
-- These locks come before those of rows. A transaction that holds rows already must not wait for them (p_wait false), since that could
-- deadlock. It fails (55P03) if one is not free.
create function :"schema".lock_absent_documents(p_table regclass, p_tenants text[], p_ids text[], p_wait boolean) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_class constant integer := :"schema".lock_number(p_table::oid::bigint);
  v_slots constant integer[] := array(
    select distinct (hashtextextended(tenant || chr(31) || id, 0) & 2147483647)::integer as slot
      from unnest(p_tenants, p_ids) as absent (tenant, id)
     order by slot
  );
  v_slot integer;
  v_free boolean := true;
begin
  if not :"schema".lock_budget(cardinality(v_slots) + 1) then
    if p_wait then
      perform pg_advisory_xact_lock(v_class, -1);
    else
      v_free := pg_try_advisory_xact_lock(v_class, -1);
    end if;
  elsif p_wait then
    perform pg_advisory_xact_lock_shared(v_class, -1);
    foreach v_slot in array v_slots loop
      perform pg_advisory_xact_lock(v_class, v_slot);
    end loop;
  else
    v_free := pg_try_advisory_xact_lock_shared(v_class, -1);
    foreach v_slot in array v_slots loop
      v_free := v_free and pg_try_advisory_xact_lock(v_class, v_slot);
    end loop;
  end if;
  if not v_free then
    raise exception 'a document of % was deleted, and is being created again', p_table using errcode = '55P03';
  end if;
end
$tidemark$;
`,
  },
  {
    name: "make_projection_live",
    text: `-- Makes an inline projection live: appends write it from now on. The last step of its follower, which closed the gate, then
-- applied what was left of the log, all in this transaction. False where it is not behind any more.
create function :"schema".make_projection_live(p_name text, p_version integer) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  update :"schema".projections as p
     set state = 'live', changed_at = clock_timestamp()
   where p.name = p_name and p.version = p_version and p.state = 'behind';
  if not found then
    return false;
  end if;
  update :"schema".consumers as c set paused = true where c.tenant = '' and c.kind = 'projection' and c.owner_name = p_name and c.owner_version = p_version;
  perform :"schema".raise_epoch();
  return true;
end
$tidemark$;
`,
  },
  {
    name: "mark_process_commands",
    text: `-- Marks commands of a process as issued. One that was cancelled while it was decided has been issued all the same.
--
-- p_last: no other mark follows soon. The others do not wait for the disk: what they mark is in the log before them, so that a crash never
-- keeps a mark without its events, and a command whose mark is lost finds its events when it is issued again.
create function :"schema".mark_process_commands(p_ids bigint[], p_last boolean) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_bitmapscan = off
  set plan_cache_mode = force_generic_plan
as $tidemark$
begin
  if not p_last then
    perform set_config('synchronous_commit', 'off', true);
  end if;
  update :"schema".process_commands as c
     set status = 'done', attempts = c.attempts + 1, settled_at = clock_timestamp()
   where c.id = any (p_ids) and c.status in ('pending', 'cancelled');
end
$tidemark$;
`,
  },
  {
    name: "missing_indexes",
    text: `-- Indexes that users created on the table of one version of a collection, and that another version's table lacks: the name there, and the
-- statement that creates it CONCURRENTLY. A name that has the table's in it gets the other's there; another gets the version behind it.
-- invalid: it is there, and its creation had failed.
create function :"schema".missing_indexes(p_table regclass, p_other regclass) returns table (name text, statement text, invalid boolean)
  language plpgsql stable
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  c_schema constant name := (select n.nspname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace where c.oid = p_other);
  c_from constant name := (select c.relname from pg_class as c where c.oid = p_table);
  c_to constant name := (select c.relname from pg_class as c where c.oid = p_other);
  v_index record;
  v_begin text;
begin
  for v_index in
    select i.indexrelid, i.indisunique, c.relname, pg_get_indexdef(i.indexrelid) as definition
      from pg_index as i
      join pg_class as c on c.oid = i.indexrelid
     where i.indrelid = p_table and i.indisvalid
       and not exists (select from pg_constraint as k where k.conindid = i.indexrelid)
       -- The library makes these itself, of the definition.
       and not (c.relname ~ '_[0-9a-f]{12}_idx$' and starts_with(c.relname, left(c_from, 40)))
     order by c.relname
  loop
    name := case
      when strpos(v_index.relname, c_from) > 0 then replace(v_index.relname, c_from, c_to)
      else v_index.relname || '_v' || substring(c_to from '[0-9]+$')
    end;
    name := left(name, 63);
    continue when exists (select from pg_index as i join pg_class as c on c.oid = i.indexrelid where i.indrelid = p_other and c.relname = missing_indexes.name and i.indisvalid);
    v_begin := format('CREATE %sINDEX %I ON %s ', case when v_index.indisunique then 'UNIQUE ' else '' end, v_index.relname, p_table);
    continue when not starts_with(v_index.definition, v_begin);
    invalid := exists (select from pg_index as i join pg_class as c on c.oid = i.indexrelid where i.indrelid = p_other and c.relname = missing_indexes.name);
    statement := format('create %sindex concurrently %I on %s ', case when v_index.indisunique then 'unique ' else '' end, name, p_other)
      || substr(v_index.definition, length(v_begin) + 1);
    name := format('%I.%I', c_schema, name);
    return next;
  end loop;
end
$tidemark$;
`,
  },
  {
    name: "move_checkpoint",
    text: `-- Moves a shard's checkpoint, from where its owner knows it to be. The last statement before COMMIT in a handler's
-- transaction, so that its effects and the checkpoint stand or fall together, and the row is locked for a moment only.
--
-- Fails (TM005) unless fence and old position are what the owner says: it was fenced off, its own earlier commit arrived
-- after all, or the database was restored. Nor does it pass the barrier of a change of shards.
create function :"schema".move_checkpoint(p_id integer, p_fence bigint, p_from bigint, p_to bigint, p_event_id uuid) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  update :"schema".consumer_shards as s
     set position = p_to, event_id = p_event_id
   where s.id = p_id
     and s.fence = p_fence
     and s.position = p_from
     and p_to >= p_from
     and p_to <= coalesce((select c.barrier from :"schema".consumers as c where c.tenant = s.tenant and c.name = s.consumer), p_to);
  if not found then
    perform :"schema".refuse_shard(p_id, p_fence);
  end if;
end
$tidemark$;
`,
  },
  {
    name: "move_checkpoints",
    text: `-- move_checkpoint for many shards whose handlers wrote nothing here. Returns the ids of those that moved; for the others
-- move_checkpoint says why.
create function :"schema".move_checkpoints(p_ids integer[], p_fences bigint[], p_from bigint[], p_to bigint[], p_event_ids uuid[]) returns setof integer
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  -- In one order for all workers. A row that another session holds is skipped.
  return query
  with wanted as (
    select i.*
      from unnest(p_ids, p_fences, p_from, p_to, p_event_ids) as i (id, fence, "from", "to", event_id)
      join :"schema".consumer_shards as s on s.id = i.id
      join :"schema".consumers as c on c.tenant = s.tenant and c.name = s.consumer
     where s.fence = i.fence and s.position = i."from" and i."to" <= coalesce(c.barrier, i."to")
     order by i.id
       for no key update of s skip locked
  )
  update :"schema".consumer_shards as s
     set position = wanted."to", event_id = wanted.event_id
    from wanted
   where s.id = wanted.id and s.fence = wanted.fence and s.position = wanted."from"
  returning s.id;
end
$tidemark$;
`,
  },
  {
    name: "next_timer",
    text: `-- How long it is until the next timer is due, or tried again; null where there is none. Two probes of an index, however many there are, and never a sort of
-- all of them, for the reason that claim_timers names.
create function :"schema".next_timer(p_tenant text) returns interval
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_sort = off
  set enable_bitmapscan = off
  set plan_cache_mode = force_generic_plan
as $tidemark$
begin
  return least(
    (select t.due_at from :"schema".timers as t where t.tenant = p_tenant and t.next_try_at is null order by t.due_at, t.owner, t.key limit 1),
    (
      select t.next_try_at
        from :"schema".timers as t
       where t.tenant = p_tenant and t.next_try_at is not null and t.next_try_at < 'infinity'
       order by t.next_try_at, t.owner, t.key
       limit 1
    )
  ) - clock_timestamp();
end
$tidemark$;
`,
  },
  {
    name: "open_snapshots",
    text: `-- Transactions of other sessions of this database that may read with a snapshot taken before now. In a table that was filled since, such a
-- reader sees nothing, or a part.
--
-- Only members of pg_read_all_stats see which of other roles' transactions hold a snapshot; of those all count. Their virtual ids are unique.
create function :"schema".open_snapshots() returns table (virtualtransaction text, holder text)
  language sql volatile
  set search_path = pg_catalog, pg_temp
as $tidemark$
  select l.virtualtransaction,
         format(
           'process %s (role %s, application %L%s)', l.pid, a.usename, a.application_name,
           ', its transaction open for ' || floor(extract(epoch from clock_timestamp() - a.xact_start)) || ' s')
    from pg_catalog.pg_locks as l
    join pg_catalog.pg_stat_activity as a on a.pid = l.pid
   where l.locktype = 'virtualxid'
     and l.granted
     and l.pid <> pg_backend_pid()
     and a.datname = current_database()
     -- Null where this role may not see the column. Auxiliary processes have no such type for any role.
     and coalesce(a.backend_type, 'client backend') = 'client backend'
     and (a.backend_xmin is not null or a.xact_start is null);
$tidemark$;
`,
  },
  {
    name: "park_event",
    text: `-- Writes a dead letter and moves the checkpoint past its event, in one transaction: a shard never passes a failed event without one.
create function :"schema".park_event(
  p_id integer, p_fence bigint, p_from bigint, p_to bigint, p_event_id uuid,
  p_stream_id bigint, p_state text, p_attempts integer, p_error_code text, p_error_message text, p_error_stack text
)
  returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_bitmapscan = off
as $tidemark$
begin
  insert into :"schema".dead_letters (tenant, consumer, position, stream_id, event_id, state, attempts, error_code, error_message, error_stack)
  select s.tenant, s.consumer, p_to, p_stream_id, p_event_id, p_state, p_attempts, p_error_code, p_error_message, p_error_stack
    from :"schema".consumer_shards as s
   where s.id = p_id
  on conflict on constraint dead_letters_pkey do update
     set state = excluded.state, retry_requested = false, attempts = excluded.attempts, error_code = excluded.error_code,
         error_message = excluded.error_message, error_stack = excluded.error_stack, parked_at = excluded.parked_at;
  perform :"schema".move_checkpoint(p_id, p_fence, p_from, p_to, p_event_id);
end
$tidemark$;
`,
  },
  {
    name: "park_behind",
    text: `-- Parks an event behind its stream's dead letters. If none is left, it does nothing and returns false: the event can be handled.
--
-- It locks the shard first, as settling a letter and resetting the consumer do. Then it locks only the last letter: while that stays,
-- there is a letter to park behind, and a line of thousands costs no more than one of two. A discard locks all letters of a stream
-- (discard_dead_letter), so it waits for this transaction and then sees the parked event.
--
-- Sessions keep plans from when there were few letters. None of those may scan them all, here and in all that looks for letters of a lane:
-- nothing but the index of lanes fits this order. With "lane = …" any index that ends with the position would. Nor may one take them all by another
-- index and sort them, which seems the cheaper way once that of lanes is a level higher than the other.
create function :"schema".park_behind(p_id integer, p_fence bigint, p_from bigint, p_to bigint, p_event_id uuid, p_stream_id bigint) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_sort = off
  set enable_bitmapscan = off
as $tidemark$
declare
  v_tenant text;
  v_consumer text;
begin
  select s.tenant, s.consumer into v_tenant, v_consumer
    from :"schema".consumer_shards as s where s.id = p_id and s.fence = p_fence for no key update;
  if not found then
    perform :"schema".refuse_shard(p_id, p_fence);
  end if;
  -- If the letter is removed while this waits, the last of those left is taken instead.
  perform
     from :"schema".dead_letters as d
    where d.tenant = v_tenant and d.consumer = v_consumer and d.lane between p_stream_id::text and p_stream_id::text and d.state <> 'skipped'
    order by d.lane desc, d.position desc
    limit 1
      for update;
  if not found then
    return false;
  end if;
  perform :"schema".park_event(p_id, p_fence, p_from, p_to, p_event_id, p_stream_id, 'parked', 0, null, null, null);
  return true;
end
$tidemark$;
`,
  },
  {
    name: "park_messages",
    text: `-- Writes dead letters of a relay, in the transaction of its checkpoint. A message of the outbox has no stream: 0.
--
--   p_letters  { position, id, key, state, attempts, code, message, stack } of each, with the event's id; a 'parked' one waits behind the
--              letters of its key
-- Returns how many of those that were to wait have nothing to wait for: others removed all letters of their keys. The transaction must be
-- rolled back then, and their messages published.
--
-- It locks as park_behind() does: the shard, then of each key the last letter.
create function :"schema".park_messages(p_id integer, p_fence bigint, p_letters jsonb) returns integer
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_sort = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set enable_bitmapscan = off
as $tidemark$
declare
  v_tenant text;
  v_consumer text;
  v_letter record;
  v_freed integer := 0;
begin
  select s.tenant, s.consumer into v_tenant, v_consumer
    from :"schema".consumer_shards as s where s.id = p_id and s.fence = p_fence for no key update;
  if not found then
    perform :"schema".refuse_shard(p_id, p_fence);
  end if;
  for v_letter in
    select l.*, coalesce(e.stream_id, 0) as stream_id
      from jsonb_to_recordset(p_letters)
             as l (position bigint, id uuid, key text, state text, attempts integer, code text, message text, stack text)
      left join :"schema".events as e on e.position = l.position
     order by l.position
  loop
    if v_letter.state = 'parked' then
      perform
         from :"schema".dead_letters as d
        where d.tenant = v_tenant and d.consumer = v_consumer and d.lane between v_letter.key and v_letter.key and d.state <> 'skipped'
        order by d.lane desc, d.position desc
        limit 1
          for update;
      if not found then
        v_freed := v_freed + 1;
        continue;
      end if;
    end if;
    insert into :"schema".dead_letters
        (tenant, consumer, position, stream_id, key, event_id, state, attempts, error_code, error_message, error_stack)
      values (v_tenant, v_consumer, v_letter.position, v_letter.stream_id, v_letter.key, v_letter.id, v_letter.state,
              v_letter.attempts, v_letter.code, v_letter.message, v_letter.stack)
      on conflict on constraint dead_letters_pkey do update
         set state = excluded.state, key = excluded.key, retry_requested = false, attempts = excluded.attempts, error_code = excluded.error_code,
             error_message = excluded.error_message, error_stack = excluded.error_stack, parked_at = excluded.parked_at;
  end loop;
  return v_freed;
end
$tidemark$;
`,
  },
  {
    name: "parked_lanes",
    text: `-- Which of these lanes of a follower have dead letters that others wait behind. Asked before each batch with messages of such a lane, so each is looked up
-- by itself, as park_behind() does: a join, or a plan that was made when there were few letters, reads all of them.
create function :"schema".parked_lanes(p_tenant text, p_consumer text, p_lanes json) returns setof text
  language sql stable
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_sort = off
  set enable_bitmapscan = off
as $tidemark$
  select wanted.lane
    from json_array_elements_text(p_lanes) as wanted (lane)
   cross join lateral (
     select from :"schema".dead_letters as d
      where d.tenant = p_tenant and d.consumer = p_consumer and d.lane between wanted.lane and wanted.lane and d.state <> 'skipped'
      order by d.lane, d.position
      limit 1
   ) as first
$tidemark$;
`,
  },
  {
    name: "pending_process_commands",
    text: `-- Which of these commands of a process are still to be issued, as a JSON array of their ids; and the fence of the shard that asks, null where the
-- shard is gone. Asked before each command is decided, so its plan is kept, and looks ids up whatever the statistics say: the partial index
-- of those that are pending has no id in front, and would be read from end to end.
create function :"schema".pending_process_commands(p_ids bigint[], p_shard integer, out fence bigint, out pending json)
  language plpgsql stable
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_bitmapscan = off
  set plan_cache_mode = force_generic_plan
as $tidemark$
begin
  select s.fence, (select json_agg(c.id) filter (where c.status = 'pending') from :"schema".process_commands as c where c.id = any (p_ids))
    into fence, pending
    from :"schema".consumer_shards as s
   where s.id = p_shard;
end
$tidemark$;
`,
  },
  {
    name: "position_since",
    text: `-- From where to read what was recorded at or after a time: the place below the first such event above p_after. Null where there is
-- none; p_after where more than a million are late enough, since most of the log is then to be read anyway.
--
-- Positions and times are not in one order: an import keeps the times of its events, and clocks are set back. So no search
-- between positions would do. The BRIN index knows the times of each range of blocks, and leads past those that are too early;
-- the settings leave the planner nothing else, which without statistics would take a third of the log to be late enough.
--
-- p_since  milliseconds since 1970
create function :"schema".position_since(p_since double precision, p_after bigint) returns bigint
  language sql stable
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_indexscan = off
  set enable_indexonlyscan = off
as $tidemark$
  select case when count(*) < 1000000 then min(position) filter (where position > p_after) - 1 else p_after end
    from (select position from :"schema".events where recorded_at >= to_timestamp(p_since / 1000) limit 1000000) as recent;
$tidemark$;
`,
  },
  {
    name: "projection_effects",
    text: `-- Whose effects outside the database count, at this moment, of the versions of a projection: to be read in each transaction of a handler,
-- after its first statement, which a swap waits for (hold_projection_shards).
--
-- serving: this version's do, after effects_after. Else those of the version that serves, which is at until for this tenant: null where
-- nothing follows it. A follower of this version goes no further than that, so that none is left out.
create function :"schema".projection_effects(p_name text, p_version integer, p_shard integer, out serving boolean, out effects_after bigint, out until bigint)
  language plpgsql stable
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_tenant text;
begin
  select s.tenant into v_tenant from :"schema".consumer_shards as s where s.id = p_shard;
  select p.serving, b.effects_after
    into projection_effects.serving, projection_effects.effects_after
    from :"schema".projections as p
    left join :"schema".projection_builds as b on b.name = p.name and b.version = p.version and b.tenant = v_tenant
   where p.name = p_name and p.version = p_version;
  if not projection_effects.serving then
    select s.position into projection_effects.until
      from :"schema".projections as p
      join :"schema".consumers as c on c.kind = 'projection' and c.owner_name = p.name and c.owner_version = p.version and c.tenant = v_tenant
      join :"schema".consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
     where p.name = p_name and p.serving;
  end if;
end
$tidemark$;
`,
  },
  {
    name: "publish_message",
    text: `-- Writes a message to the outbox. Returns its position; null if the outbox has a message with this id already, which stays as it is.
--
-- The order is that of an append: the floor, then the position, then the row. So a reader that stops at the mark passes no message that
-- may still appear, and messages of one key that were published one after the other have positions in that order. It waits for nobody but
-- another transaction that publishes the same id.
--
-- A sequence behind the outbox is refused, as one behind the log is (refuse_sequence): a position below those of relays' checkpoints
-- would never be read. Sessions keep a plan for the last message that was made when there were few, and it must not scan them.
create function :"schema".publish_message(p_tenant text, p_id uuid, p_topic text, p_key text, p_payload text, p_headers text) returns bigint
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_bitmapscan = off
as $tidemark$
declare
  v_outbox bigint;
  v_last bigint;
  v_position bigint;
begin
  select (select o.position from :"schema".outbox as o order by o.position desc limit 1),
         coalesce(pg_sequence_last_value(:regclass(events_position_seq)), 0)
    into v_outbox, v_last;
  if v_outbox > v_last then
    perform :"schema".refuse_sequence(v_last, v_outbox);
  end if;
  perform :"schema".hold_floor(null);
  insert into :"schema".outbox as o (position, id, tenant, topic, key, payload, headers)
    values (nextval(:regclass(events_position_seq)), p_id, p_tenant, p_topic, p_key, p_payload::jsonb, p_headers::jsonb)
    on conflict on constraint outbox_tenant_id_key do nothing
    returning o.position into v_position;
  return v_position;
end
$tidemark$;
`,
  },
  {
    name: "query_items",
    text: `-- The alternatives of a boundary's query: types and tags of each, joined by U+001E, the names of one by U+001F; '' is none.
--
-- A function of its own, and strict so that it stays one: the planner takes it for one row whatever is given. Of the bare
-- unnest it knows the rows of the values given, and takes ten where it does not know them, so that it would never keep a plan
-- of the statement, and to make one costs three times what it takes to run it.
-- It runs in the caller's search_path, since a SET would cost every read, and so each call in it names its schema.
create function :"schema".query_items(p_types text, p_tags text) returns table (types text[], tags text[])
  language sql immutable strict rows 1
as $tidemark$
  select pg_catalog.string_to_array(nullif(each.types, ''), pg_catalog.chr(31)), pg_catalog.string_to_array(nullif(each.tags, ''), pg_catalog.chr(31))
    from unnest(pg_catalog.string_to_array(p_types, pg_catalog.chr(30)), pg_catalog.string_to_array(p_tags, pg_catalog.chr(30))) as each (types, tags);
$tidemark$;
`,
  },
  {
    name: "read_checkpoint",
    text: `-- A shard's checkpoint, after a commit that was never answered: waits for the row, and so for a backend that may still
-- commit. Fails (TM005) when the shard has another owner.
create function :"schema".read_checkpoint(p_id integer, p_fence bigint, out checkpoint bigint, out event_id uuid)
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  select s.position, s.event_id into checkpoint, event_id
    from :"schema".consumer_shards as s where s.id = p_id and s.fence = p_fence for no key update;
  if not found then
    perform :"schema".refuse_shard(p_id, p_fence);
  end if;
end
$tidemark$;
`,
  },
  {
    name: "ready_to_swap",
    text: `-- Whether a version of a projection may serve instead of the one that does, and if so keeps it so until the transaction ends: the rows
-- of all versions are locked, so none is paused, dropped or swapped meanwhile, and of async ones the checkpoints, so that no reader
-- of the documents that serve now gets older ones afterwards.
--
-- An inline one has to be written by appends. An async one has to have a follower wherever the serving one has one, as far as that. Where it has
-- handlers, it goes no further than the serving one until it serves (projection_effects): of a log that grows all the while it is never quite
-- as far, so that 100 positions less will do.
--
-- verdict: 'ready', 'serving' (it does), 'unknown', 'inactive' (nothing writes it), 'building', 'failed' (its check), 'behind'.
-- detail: which tenants are behind; the check's error. since: when it was last brought up to date, as a text to compare.
--
-- Rows are waited for 500 ms at most (55P03), less than deadlock_timeout. A follower that commits holds one for as long as its process takes from
-- the checkpoint to COMMIT.
create function :"schema".ready_to_swap(p_name text, p_version integer, out verdict text, out detail jsonb, out serving integer, out since text)
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '500ms'
as $tidemark$
declare
  v_mode text;
  v_state text;
  v_less integer;
begin
  perform from :"schema".projections as p where p.name = p_name order by p.version for no key update;
  select p.version into ready_to_swap.serving from :"schema".projections as p where p.name = p_name and p.serving;
  select p.mode, p.state, case when p.definition ? 'collection' then 0 else 100 end into v_mode, v_state, v_less
    from :"schema".projections as p where p.name = p_name and p.version = p_version;
  if v_mode is null then
    verdict := 'unknown';
    return;
  elsif ready_to_swap.serving = p_version then
    verdict := 'serving';
    return;
  elsif v_state in ('paused', 'inactive') then
    verdict := 'inactive';
    detail := to_jsonb(v_state);
    return;
  end if;

  update :"schema".projection_builds as b
     set state = 'ready', built_at = clock_timestamp()
    from :"schema".consumers as c
    join :"schema".consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
   where b.name = p_name and b.version = p_version and b.state = 'building' and b.way = 'follow'
     and c.kind = 'projection' and c.owner_name = p_name and c.owner_version = p_version and c.tenant = b.tenant
     and (v_state = 'live' or greatest(s.position, b.reached) >= least(b.target, (
       select at.position
         from :"schema".consumers as old
         join :"schema".consumer_shards as at on at.tenant = old.tenant and at.consumer = old.name
        where v_mode = 'async' and old.kind = 'projection' and old.owner_name = p_name and old.owner_version = ready_to_swap.serving and old.tenant = b.tenant
     )));
  select b.state, b.error into verdict, detail
    from :"schema".projection_builds as b
   where b.name = p_name and b.version = p_version and b.state <> 'ready'
   order by b.state = 'failed' desc
   limit 1;
  if found then
    verdict := case verdict when 'failed' then 'failed' else 'building' end;
    return;
  end if;

  select concat(p.changed_at, (select max(b.built_at) from :"schema".projection_builds as b where b.name = p.name and b.version = p.version)) into since
    from :"schema".projections as p where p.name = p_name and p.version = p_version;
  if v_mode = 'inline' then
    verdict := case v_state when 'live' then 'ready' else 'behind' end;
    return;
  end if;
  perform
     from :"schema".consumers as c
     join :"schema".consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
    where c.kind = 'projection' and c.owner_name = p_name and c.owner_version in (p_version, ready_to_swap.serving)
    order by s.id
      for no key update of s;
  select jsonb_agg(old.tenant order by old.tenant) into detail
    from :"schema".consumers as old
    join :"schema".consumer_shards as at on at.tenant = old.tenant and at.consumer = old.name
    left join :"schema".projection_builds as b on b.name = p_name and b.version = p_version and b.tenant = old.tenant
   where old.kind = 'projection' and old.owner_name = p_name and old.owner_version = ready_to_swap.serving
     and not exists (
       select
         from :"schema".consumers as new
         join :"schema".consumer_shards as s on s.tenant = new.tenant and s.consumer = new.name
        where new.kind = 'projection' and new.owner_name = p_name and new.owner_version = p_version and new.tenant = old.tenant
          and greatest(s.position, b.reached) >= at.position - v_less
     );
  verdict := case when detail is null then 'ready' else 'behind' end;
end
$tidemark$;
`,
  },
  {
    name: "record_process_inputs",
    text: `-- Writes what a batch of inputs made of instances of a process. All three are JSON arrays:
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
`,
  },
  {
    name: "recur_timers",
    text: `-- Moves recurring timers that fired to their next due time, in milliseconds since 1970, or deletes those that have none: null. They hold no failures any
-- more. The caller has locked them. One by one, for the reason that cancel_timers names.
create function :"schema".recur_timers(p_tenant text, p_owners bigint[], p_keys text, p_due bigint[]) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_bitmapscan = off
  set plan_cache_mode = force_generic_plan
as $tidemark$
declare
  v_owner bigint;
  v_key text;
  v_due bigint;
begin
  for v_owner, v_key, v_due in select m.owner, m.key, m.due from unnest(p_owners, string_to_array(p_keys, chr(30)), p_due) as m (owner, key, due) loop
    if v_due is null then
      delete from :"schema".timers as t where t.tenant = p_tenant and t.owner = v_owner and t.key = v_key;
    else
      update :"schema".timers as t
         set due_at = timestamptz 'epoch' + v_due * interval '1 millisecond', attempts = 0, next_try_at = null, error_code = null, error_message = null
       where t.tenant = p_tenant and t.owner = v_owner and t.key = v_key;
    end if;
  end loop;
end
$tidemark$;
`,
  },
  {
    name: "refuse_unfinished_append",
    text: `-- The query of a cursor WITH HOLD that is open while an append of several statements is made in a transaction of the caller's:
-- PostgreSQL runs it when the transaction commits, so that no COMMIT can come between those statements.
create function :"schema".refuse_unfinished_append() returns void
  language plpgsql
as $tidemark$
begin
  raise exception 'the transaction was to commit while an append in it was being made'
    using errcode = 'TM010',
          hint = 'Nothing of the transaction was written. Await every append before you commit, then run all of it again.';
end
$tidemark$;
`,
  },
  {
    name: "register_consumer",
    text: `-- Registers a consumer, unless it is registered: with its shards, all at the same position.
--
--   p_after       the position it begins after; null: the high-water mark
--   p_definition  filter and tenants; a change is reported
--   p_kind, p_owner, p_owner_version, p_source   see the table; kept from the first time on
-- before: the definition as it was; null where the consumer is new.
create function :"schema".register_consumer(
  p_tenant text, p_name text, p_shards integer, p_after bigint, p_definition jsonb,
  p_kind text default 'consumer', p_owner text default null, p_owner_version integer default null, p_source text default 'events',
  out before jsonb, out shards integer
)
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_position bigint := p_after;
  v_event uuid;
begin
  select c.definition, coalesce(c.next_shards, c.shards) into before, shards
    from :"schema".consumers as c where c.tenant = p_tenant and c.name = p_name;
  if before is null then
    if p_after is null then
      select l.mark, l.id into v_position, v_event from :"schema".end_of_log(p_source) as l;
    else
      v_event := :"schema".entry_of_log(p_source, p_after);
    end if;
    insert into :"schema".consumers (tenant, name, kind, owner_name, owner_version, source, shards, definition, started_after)
      values (p_tenant, p_name, p_kind, p_owner, p_owner_version, p_source, p_shards, p_definition, v_position)
      on conflict do nothing;
    if found then
      perform :"schema".create_shards(p_tenant, p_name, p_shards, v_position, v_event, 0);
      shards := p_shards;
      return;
    end if;
    -- Another worker did so meanwhile.
    select c.definition, coalesce(c.next_shards, c.shards) into before, shards
      from :"schema".consumers as c where c.tenant = p_tenant and c.name = p_name;
  end if;
  if before is distinct from p_definition then
    update :"schema".consumers as c set definition = p_definition where c.tenant = p_tenant and c.name = p_name;
  end if;
end
$tidemark$;
`,
  },
  {
    name: "register_process",
    text: `-- Registers a version of a process, unless it is registered, and its follower with it. Returns its range: see process_versions.
--
--   p_name   of its follower
--   p_after  the position after which the first version of a process begins; null: the high-water mark
--
-- A version that is higher than all before it takes over from the one that has started new instances so far. The cut between them is the
-- furthest checkpoint of the older one, and nothing that this one has in flight may go beyond it. So its owners are fenced off first, as for
-- a change of shards: each of their transactions either has moved the checkpoint before, or fails. After the next takeover of a shard they
-- know where they end.
--
-- A lower version comes too late: it starts no instance.
create function :"schema".register_process(
  p_tenant text, p_process text, p_version integer, p_name text, p_shards integer, p_after bigint,
  out starts_after bigint, out starts_until bigint
)
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_open record;
begin
  -- One version of a process at a time.
  perform pg_advisory_xact_lock(:"schema".lock_number(:regclass(process_versions)::oid::bigint), hashtext(p_tenant || chr(31) || p_process));
  select v.starts_after, v.starts_until into starts_after, starts_until
    from :"schema".process_versions as v where v.tenant = p_tenant and v.process = p_process and v.version = p_version;
  if found then
    return;
  end if;
  select v.version, c.name into v_open
    from :"schema".process_versions as v
    join :"schema".consumers as c on c.tenant = v.tenant and c.kind = 'process' and c.owner_name = v.process and c.owner_version = v.version
   where v.tenant = p_tenant and v.process = p_process and v.starts_until is null
     for no key update of c;
  if not found then
    starts_after := coalesce(p_after, (select m.mark from :"schema".high_water_mark(0, null) as m));
  else
    if p_version > v_open.version then
      perform :"schema".evict_owners(p_tenant, v_open.name);
    end if;
    select max(s.position) into starts_after from :"schema".consumer_shards as s where s.tenant = p_tenant and s.consumer = v_open.name;
    if p_version < v_open.version then
      starts_until := starts_after;
    else
      update :"schema".process_versions as v
         set starts_until = register_process.starts_after
       where v.tenant = p_tenant and v.process = p_process and v.version = v_open.version;
    end if;
  end if;
  insert into :"schema".process_versions (tenant, process, version, starts_after, starts_until)
    values (p_tenant, p_process, p_version, register_process.starts_after, register_process.starts_until);
  perform :"schema".register_consumer(p_tenant, p_name, p_shards, starts_after, '{}', 'process', p_process, p_version);
end
$tidemark$;
`,
  },
  {
    name: "register_projection",
    text: `-- Registers a projection, unless it is registered. Null if it was; a second caller waits for the first to commit. Else whether it
-- serves: the first version of a name does.
--
-- An inline one begins behind, at the beginning of the log: its follower makes it live once it has caught up. p_manual: a version
-- that does not serve begins inactive, until it is asked for.
create function :"schema".register_projection(p_name text, p_version integer, p_mode text, p_definition jsonb, p_manual boolean default false) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_serving boolean := not exists (select from :"schema".projections as p where p.name = p_name and p.serving);
  v_state text;
begin
  loop
    v_state := case when p_manual and not v_serving then 'inactive' when p_mode = 'inline' then 'behind' else 'following' end;
    insert into :"schema".projections (name, version, mode, state, serving, definition)
    values (p_name, p_version, p_mode, v_state, v_serving, p_definition)
    on conflict do nothing;
    exit when found;
    if exists (select from :"schema".projections as p where p.name = p_name and p.version = p_version) then
      return null;
    end if;
    -- Another version came first, and serves.
    v_serving := false;
  end loop;
  if p_mode = 'inline' then
    perform :"schema".register_consumer(
      '', :"schema".follower_name('projection', p_name, p_version), 1, 0, '{}', 'projection', p_name, p_version);
    update :"schema".consumers as c
       set paused = true
     where v_state = 'inactive' and c.tenant = '' and c.kind = 'projection' and c.owner_name = p_name and c.owner_version = p_version;
  end if;
  return v_serving;
end
$tidemark$;
`,
  },
  {
    name: "rejoin_build",
    text: `-- Gives up the parts of a build: its shards become one, at the place where its follower began, and it is built in one part from now on. Whoever
-- calls this deletes its documents in the same transaction. For the owner of one of its shards: p_id, p_fence; fails (TM005) where that has another.
create function :"schema".rejoin_build(p_name text, p_version integer, p_tenant text, p_consumer text, p_id integer, p_fence bigint) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_position bigint;
  v_fence bigint;
begin
  -- Of two owners that call this, the second finds its shard gone.
  select c.started_after into v_position
    from :"schema".consumers as c where c.tenant = p_tenant and c.name = p_consumer for no key update;
  perform from :"schema".consumer_shards as s where s.id = p_id and s.fence = p_fence;
  if not found then
    perform :"schema".refuse_shard(p_id, p_fence);
  end if;
  -- What the others write now ends first (enter_shard): they would wait for the shards below, and the caller's deletion for their documents.
  perform pg_advisory_xact_lock(:"schema".lock_number(:regclass(consumer_shards)::oid::bigint), held.id)
     from (select s.id from :"schema".consumer_shards as s where s.tenant = p_tenant and s.consumer = p_consumer order by s.id offset 0) as held;
  perform :"schema".evict_owners(p_tenant, p_consumer);
  select max(s.fence) into v_fence from :"schema".consumer_shards as s where s.tenant = p_tenant and s.consumer = p_consumer;
  delete from :"schema".consumer_shards as s where s.tenant = p_tenant and s.consumer = p_consumer;
  perform :"schema".create_shards(p_tenant, p_consumer, 1, v_position, (select e.id from :"schema".events as e where e.position = v_position), v_fence + 1);
  update :"schema".consumers as c set shards = 1, next_shards = null, barrier = null where c.tenant = p_tenant and c.name = p_consumer;
  update :"schema".projection_builds as b
     set parts = 1, split_after = null, events = 0, documents = 0, reached = null
   where b.name = p_name and b.version = p_version and b.tenant = p_tenant;
end
$tidemark$;
`,
  },
  {
    name: "release_shards",
    text: `-- Gives shards back, so that another worker can take them at once. Without p_ids: the worker leaves its consumers, and gives
-- back everything it holds.
create function :"schema".release_shards(p_tenant text, p_worker text, p_ids integer[]) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  with locked as materialized (
    -- In the order of evict_owners(): otherwise a leaving worker and a reset could wait for each other.
    select l.id
      from :"schema".consumer_leases as l
     where l.owner = p_worker
       and l.lease_end > clock_timestamp()
       and (p_ids is null or l.id = any (p_ids))
     order by l.id
       for no key update
  )
  update :"schema".consumer_leases as l
     set lease_end = '-infinity', heartbeat_at = clock_timestamp(), state = 'stopped'
    from locked
   where l.id = locked.id and l.owner = p_worker and l.lease_end > clock_timestamp();
  if p_ids is null then
    delete from :"schema".consumer_workers as w where w.tenant = p_tenant and w.worker = p_worker;
  end if;
end
$tidemark$;
`,
  },
  {
    name: "rename_consumer",
    text: `-- Gives a consumer another name, with its checkpoints and dead letters. Workers that run it under the old one are fenced off.
-- False where there is no such consumer; fails (23505) where the new name is taken.
create function :"schema".rename_consumer(p_tenant text, p_name text, p_to text) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  -- The consumer before its leases, and these before its shards, as everywhere: the new name cascades to the shards' rows, and a worker
  -- that takes a shard has locked its lease by then.
  perform from :"schema".consumers as c where c.tenant = p_tenant and c.name = p_name for update;
  if not found then
    return false;
  end if;
  perform :"schema".evict_owners(p_tenant, p_name);
  update :"schema".consumers as c set name = p_to where c.tenant = p_tenant and c.name = p_name;
  -- No worker serves it yet: one that does not know the new name must not count for a share.
  delete from :"schema".consumer_workers as w where w.tenant = p_tenant and w.consumer = p_to;
  return true;
end
$tidemark$;
`,
  },
  {
    name: "requested_retries",
    text: `-- Which of these consumers have something to try again: a dead letter, or an instance of a process, whose retry was requested.
--
-- Heartbeats ask this, and leases end if a heartbeat waits. Neither table holds leases, and VACUUM FULL, REINDEX or ALTER TABLE may lock it for
-- hours. So a table, or an index of it, is waited for 10 ms; then its requests wait for the next heartbeat, and those of the other table do not.
create function :"schema".requested_retries(p_tenant text, p_names text[]) returns text[]
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_bitmapscan = off
  set lock_timeout = '10ms'
as $tidemark$
declare
  v_requested text[] := '{}';
begin
  -- In the order of its index, of which one entry a consumer is read.
  begin
    v_requested := array(
      select n.name
        from unnest(p_names) as n (name)
       cross join lateral (
         select from :"schema".dead_letters as d
          where d.tenant = p_tenant and d.consumer = n.name and d.retry_requested
          order by d.position
          limit 1
       ) as first
    );
  exception when lock_not_available then
    null;
  end;

  begin
    v_requested := v_requested || array(
      select c.name
        from :"schema".consumers as c
       cross join lateral (
         select from :"schema".process_instances as i
          where i.tenant = c.tenant and i.process = c.owner_name and i.version = c.owner_version and i.retry_requested
          limit 1
       ) as first
       where c.tenant = p_tenant and c.name = any (p_names) and c.kind = 'process'
    );
  exception when lock_not_available then
    null;
  end;
  return v_requested;
end
$tidemark$;
`,
  },
  {
    name: "renew_leases",
    text: `-- Everything that a worker reports and asks at each heartbeat, in one round trip:
--   1. registers the worker for each of its consumers;
--   2. renews its leases, with the state of each shard. A lease that is over is never renewed, nor one whose fence was raised, because
--      another worker may have begun;
--   3. returns what it needs to know.
--
--   p_consumers  names joined by \\x1f
--   p_ids, p_fences, p_states, p_details  one each a shard that it holds; p_details is a JSON array, and
--                                        retryInMs in it becomes retryAt, by this clock
--   p_liveness_lock  the lock that its process holds while it lives; null: none, and its leases alone count
-- Returns { renewed: ids, fences: { id: fence } of the others, livenessLocks: those of the others, consumers: [{ name, shards, barrier, paused, retryRequested, workers, quota, free: ids, nextEndMs }] }:
--   retryRequested  a dead letter, or an instance of a process, waits to be tried again; false where its table is locked (requested_retries())
--   quota      this worker's fair share of the shards
--   free       shards without an owner
--   nextEndMs  until the first of the others' leases ends
create function :"schema".renew_leases(
  p_tenant text, p_consumers text, p_worker text, p_lease_ms integer,
  p_ids integer[], p_fences bigint[], p_states text[], p_details jsonb, p_liveness_lock integer default null
)
  returns jsonb
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  c_names constant text[] := string_to_array(p_consumers, chr(31));
  c_lease constant interval := p_lease_ms * interval '1 millisecond';
  -- First: no row is locked while it waits.
  c_requested constant text[] := :"schema".requested_retries(p_tenant, c_names);
  v_renewed integer[];
begin
  insert into :"schema".consumer_workers (tenant, consumer, worker, lease_end, liveness_lock)
  select c.tenant, c.name, p_worker, clock_timestamp() + c_lease, p_liveness_lock
    from :"schema".consumers as c
   where c.tenant = p_tenant and c.name = any (c_names)
   order by c.name
     for key share
  on conflict on constraint consumer_workers_pkey do update set lease_end = excluded.lease_end, liveness_lock = excluded.liveness_lock;

  with held as (
    select h.id, h.fence, h.state, nullif(p_details -> (h.slot - 1)::integer, 'null') as details
      from unnest(p_ids, p_fences, p_states) with ordinality as h (id, fence, state, slot)
  ), locked as materialized (
    -- In the order of evict_owners(): else a heartbeat and a reset could wait for each other.
    select l.id
      from :"schema".consumer_leases as l
     where l.id = any (p_ids) and l.owner = p_worker
     order by l.id
       for no key update
  ), renewed as (
    update :"schema".consumer_leases as l
       set lease_end = clock_timestamp() + c_lease,
           heartbeat_at = clock_timestamp(),
           state = held.state,
           details = case
             when held.details ->> 'retryInMs' is null then held.details
             else held.details - 'retryInMs' || jsonb_build_object('retryAt', clock_timestamp() + (held.details ->> 'retryInMs')::integer * interval '1 millisecond')
           end
      from held
      join locked on locked.id = held.id
      join :"schema".consumer_shards as s on s.id = held.id and s.fence = held.fence
     where l.id = held.id and l.owner = p_worker and l.lease_end > clock_timestamp()
    returning l.id
  )
  select array_agg(id) into v_renewed from renewed;

  delete from :"schema".consumer_workers as w
   where (w.tenant, w.consumer, w.worker) in (
           select d.tenant, d.consumer, d.worker
             from :"schema".consumer_workers as d
            where d.tenant = p_tenant and d.consumer = any (c_names) and d.worker <> p_worker and d.lease_end < clock_timestamp() - c_lease
              for update skip locked
         );

  return jsonb_build_object(
    'renewed', coalesce(to_jsonb(v_renewed), '[]'),
    'fences', (
      select coalesce(jsonb_object_agg(s.id, s.fence), '{}')
        from :"schema".consumer_shards as s
       where s.id = any (p_ids) and not s.id = any (coalesce(v_renewed, '{}'))
    ),
    'livenessLocks', (
      select coalesce(jsonb_agg(distinct w.liveness_lock), '[]')
        from :"schema".consumer_workers as w
       where w.tenant = p_tenant and w.consumer = any (c_names) and w.liveness_lock <> coalesce(p_liveness_lock, 0) and w.lease_end > clock_timestamp()
    ),
    'consumers', (
      select coalesce(jsonb_agg(jsonb_build_object(
               'name', c.name,
               'shards', c.shards,
               'barrier', c.barrier,
               'paused', c.paused,
               'retryRequested', c.name = any (c_requested),
               'workers', members.count,
               'quota', c.shards / members.count + (members.rank < c.shards % members.count)::integer,
               'free', leases.free,
               'nextEndMs', leases.next_end_ms
             )), '[]')
        from :"schema".consumers as c
        join lateral (
          -- Ranked by a hash of worker and consumer: by worker alone the same one would get every consumer of one shard.
          select count(*) as count,
                 count(*) filter (where (hashtextextended(w.worker || chr(31) || c.name, 0), w.worker) < (hashtextextended(p_worker || chr(31) || c.name, 0), p_worker)) as rank
            from :"schema".consumer_workers as w
           where w.tenant = c.tenant and w.consumer = c.name and (w.lease_end > clock_timestamp() or w.worker = p_worker)
        ) as members on true
        join lateral (
          select coalesce(jsonb_agg(l.id order by s.shard) filter (where l.lease_end < clock_timestamp()), '[]') as free,
                 ceil(extract(epoch from min(l.lease_end) filter (where l.lease_end > clock_timestamp() and l.owner <> p_worker) - clock_timestamp()) * 1000)::bigint as next_end_ms
            from :"schema".consumer_shards as s
            join :"schema".consumer_leases as l on l.id = s.id
           where s.tenant = c.tenant and s.consumer = c.name
        ) as leases on true
       where c.tenant = p_tenant and c.name = any (c_names)
    )
  );
end
$tidemark$;
`,
  },
  {
    name: "report_build",
    text: `-- Tells how far the build of a projection for one tenant is. Nulls leave what stands there; events and documents are added. Returns in how many
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
`,
  },
  {
    name: "request_shards",
    text: `-- Asks for another number of shards. A stream changes its shard then, so all of its events must be handled up to one place
-- first: the barrier, the furthest checkpoint. Every fence is raised, so that no transaction in flight goes beyond it, and
-- every lease ends; a worker that takes a shard from now on works up to the barrier.
create function :"schema".request_shards(p_tenant text, p_name text, p_shards integer) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_consumer record;
begin
  select c.shards, c.barrier into v_consumer
    from :"schema".consumers as c where c.tenant = p_tenant and c.name = p_name for no key update;
  if v_consumer.barrier is not null then
    update :"schema".consumers as c set next_shards = p_shards where c.tenant = p_tenant and c.name = p_name;
  elsif v_consumer.shards <> p_shards then
    perform :"schema".evict_owners(p_tenant, p_name);
    update :"schema".consumers as c
       set next_shards = p_shards,
           barrier = (select max(s.position) from :"schema".consumer_shards as s where s.tenant = p_tenant and s.consumer = p_name)
     where c.tenant = p_tenant and c.name = p_name;
    perform :"schema".finish_shards(p_tenant, p_name);
  end if;
end
$tidemark$;
`,
  },
  {
    name: "reset_consumer",
    text: `-- Moves a consumer to another position: its shards start again there, their owners are fenced off, and dead letters after that
-- position are removed, since their events will be read again. A change of shards that was under way is abandoned.
create function :"schema".reset_consumer(p_tenant text, p_name text, p_after bigint) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_consumer record;
  v_position bigint := p_after;
  v_event uuid;
  v_fence bigint;
  v_letters :"schema".dead_letters[];
  v_letter :"schema".dead_letters;
begin
  select coalesce(c.next_shards, c.shards) as shards, c.source into v_consumer
    from :"schema".consumers as c where c.tenant = p_tenant and c.name = p_name for no key update;
  if not found then
    return false;
  end if;
  perform :"schema".evict_owners(p_tenant, p_name);
  if p_after is null then
    select l.mark, l.id into v_position, v_event from :"schema".end_of_log(v_consumer.source) as l;
  else
    v_event := :"schema".entry_of_log(v_consumer.source, p_after);
  end if;
  select max(s.fence) into v_fence from :"schema".consumer_shards as s where s.tenant = p_tenant and s.consumer = p_name;
  delete from :"schema".consumer_shards as s where s.tenant = p_tenant and s.consumer = p_name;
  perform :"schema".create_shards(p_tenant, p_name, v_consumer.shards, v_position, v_event, v_fence + 1);
  update :"schema".consumers as c
     set shards = v_consumer.shards, next_shards = null, barrier = null
   where c.tenant = p_tenant and c.name = p_name;
  -- In the order of discard_dead_letter(): else the two could wait for each other.
  with gone as materialized (
    select d.position
      from :"schema".dead_letters as d
     where d.tenant = p_tenant and d.consumer = p_name and d.position > v_position
     order by d.position
       for update
  ), removed as (
    delete from :"schema".dead_letters as d
     using gone
     where d.tenant = p_tenant and d.consumer = p_name and d.position = gone.position
    returning d.*
  )
  select pg_catalog.array_agg(removed order by position) into v_letters from removed;
  foreach v_letter in array coalesce(v_letters, '{}') loop
    perform :"schema".keep_resolved(v_letter, 'reset');
  end loop;
  return true;
end
$tidemark$;
`,
  },
  {
    name: "set_timers",
    text: `-- Sets timers. One with the same owner and key is replaced, with everything that it had: its event, its due time and its failures. A
-- recurring timer keeps its due time if cron and time zone are the same, or a deployment that sets it again would lose an occurrence that is
-- overdue. Waits for a timer that is being fired, and then sets a new one.
--
--   p_keys, p_streams, p_types, p_data, p_metadata, p_tags
--              of each timer, joined as in append_many
--   p_due      of each timer, in milliseconds: from now if p_relative, otherwise since 1970
--   p_cron, p_time_zone, p_missed
--              of all of them; null: they fire once
--
-- No two of them have the same owner and key.
create function :"schema".set_timers(
  p_tenant text, p_owners bigint[], p_keys text, p_streams text, p_ids uuid[], p_types text, p_data text, p_metadata text, p_tags text,
  p_schema_versions smallint[], p_due bigint[], p_relative boolean[],
  p_cron text default null, p_time_zone text default null, p_missed text default null
)
  returns table (set_owner bigint, set_key text, set_event_id uuid, set_due_at timestamptz, set_in interval)
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_now constant timestamptz := clock_timestamp();
begin
  return query
  insert into :"schema".timers as t
    (tenant, owner, key, stream, event_id, type, schema_version, data, metadata, tags, due_at, cron, time_zone, missed, set_at)
  select p_tenant, n.owner, n.key, n.stream, n.id, n.type, n.schema_version, n.data::jsonb, nullif(n.metadata, '')::jsonb,
         string_to_array(nullif(n.tags, ''), chr(31)),
         case
           -- Up to the next whole millisecond: rounded down, it would fire early.
           when n.relative then date_trunc('milliseconds', v_now + n.due * interval '1 millisecond' + interval '999 microseconds')
           else timestamptz 'epoch' + n.due * interval '1 millisecond'
         end,
         p_cron, p_time_zone, p_missed, v_now
    from unnest(
           p_owners, string_to_array(p_keys, chr(30)), string_to_array(p_streams, chr(30)), p_ids, string_to_array(p_types, chr(30)),
           string_to_array(p_data, chr(30)), string_to_array(p_metadata, chr(30)), string_to_array(p_tags, chr(30)),
           p_schema_versions, p_due, p_relative
         ) as n (owner, key, stream, id, type, data, metadata, tags, schema_version, due, relative)
   -- One order for all, or two transactions that replace the same timers could wait for each other.
   order by n.owner, n.key
  on conflict on constraint timers_pkey do update
     set stream = excluded.stream, event_id = excluded.event_id, type = excluded.type, schema_version = excluded.schema_version,
         data = excluded.data, metadata = excluded.metadata, tags = excluded.tags,
         due_at = case when t.cron = excluded.cron and t.time_zone = excluded.time_zone then t.due_at else excluded.due_at end,
         cron = excluded.cron, time_zone = excluded.time_zone, missed = excluded.missed, set_at = excluded.set_at,
         attempts = 0, next_try_at = null, error_code = null, error_message = null
  returning t.owner, t.key, t.event_id, t.due_at, t.due_at - v_now;
end
$tidemark$;
`,
  },
  {
    name: "settle_dead_letter",
    text: `-- Removes a dead letter that was handled, and requests the next one of its lane. The last statement before
-- COMMIT in the transaction of its handler; fails (TM005) when the shard has another owner.
--
-- False if the letter was discarded meanwhile: the handler's writes must then be rolled back.
create function :"schema".settle_dead_letter(p_id integer, p_fence bigint, p_position bigint) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set enable_bitmapscan = off
as $tidemark$
declare
  v_letter :"schema".dead_letters;
begin
  perform from :"schema".consumer_shards as s where s.id = p_id and s.fence = p_fence for no key update;
  if not found then
    perform :"schema".refuse_shard(p_id, p_fence);
  end if;
  delete from :"schema".dead_letters as d
   using :"schema".consumer_shards as s
   where s.id = p_id and d.tenant = s.tenant and d.consumer = s.consumer and d.position = p_position
  returning d.* into v_letter;
  if not found then
    return false;
  end if;
  perform :"schema".keep_resolved(v_letter, 'handled');
  if v_letter.state <> 'skipped' then
    perform :"schema".request_next_dead_letter(v_letter.tenant, v_letter.consumer, v_letter.lane);
  end if;
  return true;
end
$tidemark$;
`,
  },
  {
    name: "split_build",
    text: `-- Splits the build of a projection for one tenant into the parts that were asked for, by the hash of streams: its one shard becomes as many, all
-- at its place, and all end at the end of the log as it is now, where they become one shard again (finish_shards). In a transaction of the
-- shard's owner, who has entered it. False where nothing was split: it has become one part meanwhile.
--
--   p_empty  its table has no documents
create function :"schema".split_build(p_name text, p_version integer, p_tenant text, p_consumer text, p_empty boolean) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_parts integer;
  v_position bigint;
begin
  select b.parts into v_parts from :"schema".projection_builds as b where b.name = p_name and b.version = p_version and b.tenant = p_tenant;
  if coalesce(v_parts, 1) = 1 then
    return false;
  end if;
  -- Done at once: its one shard is as far as itself.
  perform :"schema".request_shards(p_tenant, p_consumer, v_parts);
  select max(s.position) into v_position from :"schema".consumer_shards as s where s.tenant = p_tenant and s.consumer = p_consumer;
  update :"schema".consumers as c
     set next_shards = 1,
         -- An event's position, which a checkpoint can stand at.
         barrier = (
           select greatest(v_position, max(e.position)) from :"schema".events as e where e.position <= (select m.mark from :"schema".high_water_mark(0, null) as m)
         )
   where c.tenant = p_tenant and c.name = p_consumer;
  update :"schema".projection_builds as b
     set split_after = case when p_empty then v_position end
   where b.name = p_name and b.version = p_version and b.tenant = p_tenant;
  return true;
end
$tidemark$;
`,
  },
  {
    name: "swap_projection",
    text: `-- Has a version of a projection serve, in the transaction in which ready_to_swap() said that it may. The last statement but the commit: of an
-- inline one the gate is closed from here on, so that no append is in flight that knows the other version as the serving one.
create function :"schema".swap_projection(p_name text, p_version integer) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_mode text;
  v_before integer;
begin
  select p.mode into v_mode from :"schema".projections as p where p.name = p_name and p.version = p_version;
  select p.version into v_before from :"schema".projections as p where p.name = p_name and p.serving;
  if v_mode = 'inline' then
    perform :"schema".close_gate();
  end if;
  update :"schema".projections as p set serving = false, served_until = clock_timestamp() where p.name = p_name and p.serving;
  update :"schema".projections as p set serving = true where p.name = p_name and p.version = p_version;

  -- After a rollback the replaced version must not be swapped in again by itself.
  update :"schema".projection_builds as b set swap = 'manual' where b.name = p_name and b.version = v_before;
  -- Which says from now on where that one waits for this.
  insert into :"schema".projection_builds as b (name, version, tenant, state, swap, started_after, target, built_at)
  select p_name, v_before, c.tenant, 'ready', 'manual', s.position, s.position, clock_timestamp()
    from :"schema".consumers as c
    join :"schema".consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
   where v_mode = 'async' and c.kind = 'projection' and c.owner_name = p_name and c.owner_version = v_before
      on conflict do nothing;
  -- Up to where the one before is, its handlers have had their effects; from there on this one's have them.
  insert into :"schema".projection_builds as b (name, version, tenant, state, target, effects_after, built_at)
  select p_name, p_version, c.tenant, 'ready', s.position, s.position, clock_timestamp()
    from :"schema".consumers as c
    join :"schema".consumer_shards as s on s.tenant = c.tenant and s.consumer = c.name
   where v_mode = 'async' and c.kind = 'projection' and c.owner_name = p_name and c.owner_version = v_before
      on conflict on constraint projection_builds_pkey do update set effects_after = excluded.effects_after;

  if v_mode = 'inline' then
    perform :"schema".raise_epoch();
  end if;
end
$tidemark$;
`,
  },
  {
    name: "table_dependents",
    text: `-- What hangs on the table of one version of a collection, and stays there when another version serves: views that read the table itself,
-- functions, foreign keys; rules, policies, triggers and publications that the other table has none of by the same name. Null: nothing.
create function :"schema".table_dependents(p_table regclass, p_other regclass) returns jsonb
  language sql stable
  set search_path = pg_catalog, pg_temp
as $tidemark$
  select jsonb_agg(jsonb_build_object('kind', found.kind, 'name', found.name) order by found.kind, found.name)
    from (
      select case c.relkind when 'm' then 'materialized view' else 'view' end as kind, r.ev_class::regclass::text as name
        from pg_depend as d
        join pg_rewrite as r on r.oid = d.objid
        join pg_class as c on c.oid = r.ev_class
       where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = p_table and r.ev_class <> p_table
         and obj_description(r.ev_class, 'pg_class') is distinct from 'tidemark collection'
      union
      select 'function', d.objid::regprocedure::text
        from pg_depend as d
       where d.classid = 'pg_proc'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = p_table
      union
      select 'foreign key', format('%s of %s', k.conname, k.conrelid::regclass)
        from pg_constraint as k
       where k.contype = 'f' and p_table in (k.confrelid, k.conrelid) and k.conparentid = 0
         and not exists (select from pg_constraint as o where k.conrelid = p_table and o.conrelid = p_other and o.conname = k.conname)
      union
      select 'rule', r.rulename::text
        from pg_rewrite as r
       where r.ev_class = p_table and not exists (select from pg_rewrite as o where o.ev_class = p_other and o.rulename = r.rulename)
      union
      select 'policy', p.polname::text
        from pg_policy as p
       where p.polrelid = p_table and not exists (select from pg_policy as o where o.polrelid = p_other and o.polname = p.polname)
      union
      select 'trigger', t.tgname::text
        from pg_trigger as t
       where t.tgrelid = p_table and not t.tgisinternal
         and not exists (select from pg_trigger as o where o.tgrelid = p_other and o.tgname = t.tgname)
      union
      select 'publication', p.pubname::text
        from pg_publication_rel as r
        join pg_publication as p on p.oid = r.prpubid
       where r.prrelid = p_table and not exists (select from pg_publication_rel as o where o.prrelid = p_other and o.prpubid = r.prpubid)
    ) as found
$tidemark$;
`,
  },
  {
    name: "take_shard",
    text: `-- Takes over a shard whose lease is over: raises its fence, so that the last owner can commit nothing more. Returns no row if another
-- worker has it. owner: its name in messages to users.
--
-- The order, and what breaks without it:
--   1. the lease row, so that one worker at a time takes over, and none ends the transactions of the one before it;
--   2. the backends of the last owner's open transactions. Each of those holds the shard's number as a shared advisory lock
--      (enter_shard). A frozen process would otherwise keep its rows locked and hold the high-water mark back;
--   3. the same number, exclusively: a transaction that enters now waits, and then sees the new fence. Where a backend
--      cannot be ended (another role's, a prepared transaction) it goes on without, and that transaction fails at its
--      checkpoint;
--   4. fence and checkpoint, in one statement.
create function :"schema".take_shard(
  p_id integer, p_worker text, p_lease_ms integer,
  out tenant text, out consumer text, out owner text, out shard integer, out shards integer, out barrier bigint,
  out fence bigint, out checkpoint bigint, out event_id uuid
)
  returns setof record
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '2s'
as $tidemark$
declare
  c_class constant integer := :"schema".lock_number(:regclass(consumer_shards)::oid::bigint);
  v_pid integer;
begin
  perform from :"schema".consumer_leases as l where l.id = p_id and l.lease_end < clock_timestamp() for update skip locked;
  if not found then
    return;
  end if;

  for v_pid in
    select pid
      from pg_catalog.pg_locks
     where locktype = 'advisory'
       and database = (select oid from pg_catalog.pg_database where datname = current_database())
       and classid = :regclass(consumer_shards)::oid
       and objid = p_id::oid
       and objsubid = 2
       and mode = 'ShareLock'
       and granted
       and pid <> pg_backend_pid()
  loop
    begin
      perform pg_terminate_backend(v_pid);
    exception when insufficient_privilege then
      null;
    end;
  end loop;
  for i in 1 .. 50 loop
    exit when pg_try_advisory_xact_lock(c_class, p_id);
    perform pg_sleep(0.01);
  end loop;

  update :"schema".consumer_shards as s
     set fence = s.fence + 1
   where s.id = p_id
  returning s.tenant, s.consumer, s.shard, s.fence, s.position, s.event_id
    into tenant, consumer, shard, fence, checkpoint, event_id;
  select coalesce(c.owner_name, c.name), c.shards, c.barrier into owner, shards, barrier
    from :"schema".consumers as c where c.tenant = take_shard.tenant and c.name = take_shard.consumer;
  update :"schema".consumer_leases as l
     set owner = p_worker,
         lease_end = clock_timestamp() + p_lease_ms * interval '1 millisecond',
         heartbeat_at = clock_timestamp(),
         state = 'starting',
         details = null
   where l.id = p_id;
  return next;
end
$tidemark$;
`,
  },
];
