-- Durable readers of the log. A stream belongs to the shard `stream id modulo shards`.
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
