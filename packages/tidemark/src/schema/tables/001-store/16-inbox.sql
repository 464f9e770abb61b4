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
