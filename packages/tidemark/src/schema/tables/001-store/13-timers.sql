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
