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
