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
