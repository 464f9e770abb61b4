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
