-- Read models that this store knows. Every append takes the gate shared (an advisory lock in the class of this table's
-- OID), so that a projection can be switched over while no append is in flight.
create table :"schema".projections (
  name text collate "C" not null,
  version integer not null default 1,
  mode text not null,
  state text not null,
  position bigint not null default 0,
  event_id uuid,
  epoch bigint not null default 0,
  last_error text,
  updated_at timestamptz(3) not null default clock_timestamp(),
  constraint projections_pkey primary key (name, version),
  constraint projections_mode_check check (mode in ('inline', 'async'))
);
