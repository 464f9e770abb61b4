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
