-- Named, durable readers.
create table :"schema".consumers (
  tenant text collate "C" not null default '',
  name text collate "C" not null,
  shards integer not null default 1,
  paused boolean not null default false,
  filter jsonb,
  created_at timestamptz(3) not null default clock_timestamp(),
  constraint consumers_pkey primary key (tenant, name),
  constraint consumers_shards_check check (shards > 0)
);

-- A shard's checkpoint and its fence stand in one row: in two, a paused owner could still move the checkpoint after a
-- takeover (write skew).
create table :"schema".consumer_shards (
  tenant text collate "C" not null default '',
  consumer text collate "C" not null,
  shard integer not null,
  position bigint not null default 0,
  event_id uuid,
  fence bigint not null default 0,
  constraint consumer_shards_pkey primary key (tenant, consumer, shard),
  constraint consumer_shards_consumer_fkey foreign key (tenant, consumer) references :"schema".consumers (tenant, name) on update cascade on delete cascade
);

-- Who works on a shard, by the database's clock. Apart from the checkpoint: a heartbeat must not wait for a handler's
-- transaction.
create table :"schema".consumer_leases (
  tenant text collate "C" not null default '',
  consumer text collate "C" not null,
  shard integer not null,
  owner text,
  lease_end timestamptz not null default '-infinity',
  heartbeat_at timestamptz,
  backend_pid integer,
  backend_start timestamptz,
  last_error text,
  constraint consumer_leases_pkey primary key (tenant, consumer, shard),
  constraint consumer_leases_shard_fkey foreign key (tenant, consumer, shard) references :"schema".consumer_shards (tenant, consumer, shard) on update cascade on delete cascade
);
