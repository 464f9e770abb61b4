-- States folded from events, kept to read fewer of them. A snapshot never changes a result: whoever reads one checks that the
-- event it ends with is still where it was.
create table :"schema".snapshots (
  tenant text collate "C" not null default '',
  -- What folded it: a decider of one stream, one of several streams, or an aggregate. Their names may be the same.
  kind text collate "C" not null,
  name text collate "C" not null,
  -- The stream's id. Of several streams: the JSON of the sorted list of their ids.
  key text collate "C" not null,
  state_version integer not null,
  -- The fingerprint of the catalogue that the events were read by, '' without one: another may make other events of what is stored.
  catalogue text collate "C" not null default '',
  -- Of how many events it is made: of one stream, its version.
  version bigint not null,
  -- The last of these events.
  position bigint not null,
  event_id uuid not null,
  -- Of several streams: [streamId, version, eventId] for each.
  heads json,
  -- As it was written: jsonb would change the order of keys, which a decision may depend on.
  state json not null,
  -- What JSON cannot say: [[path, null]] is undefined at a path, [[path, path]] the same object at both.
  patches json,
  taken_at timestamptz(3) not null default pg_catalog.clock_timestamp(),
  constraint snapshots_pkey primary key (tenant, kind, name, key, state_version, catalogue),
  constraint snapshots_kind_check check (kind in ('stream', 'streams', 'aggregate'))
);
