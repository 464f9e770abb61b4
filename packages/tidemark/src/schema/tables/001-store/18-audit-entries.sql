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
