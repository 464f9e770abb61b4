-- Versions of projections that are being built, or were: a row for each follower (of an inline projection the one of tenant '').
--
-- state: 'building', its follower goes through the log; 'checking', what came of it is compared with a fold made another way; 'ready', it
-- may serve; 'failed', the comparison found a difference, which error tells of. way: 'follow', as any follower does, and ready at target;
-- 'fold', in memory, and the builder says when it is ready. swap: 'auto', the first process that finds it ready swaps it in; 'manual', it waits
-- for the call.
create table :"schema".projection_builds (
  name text collate "C" not null,
  version integer not null,
  tenant text collate "C" not null default '',
  state text not null default 'building',
  way text not null default 'follow',
  swap text not null default 'auto',
  -- The position it began after, and the end of the log as it was then.
  started_after bigint not null default 0,
  target bigint not null default 0,
  -- Everything up to here is in it, though its checkpoint may stand before: what comes between is not for it.
  reached bigint,
  -- Once it serves: outside effects of its handlers begin after this position. Up to there the version before had them.
  effects_after bigint,
  -- How many documents are compared, and how fast the log may be read; null: as the library says.
  sample integer,
  events_per_second integer,
  -- In how many parts the log is to be folded, by the hash of streams.
  parts integer not null default 1,
  -- The place where it was split while it had no documents: a part that stands there has none.
  split_after bigint,
  events bigint not null default 0,
  documents bigint not null default 0,
  error jsonb,
  started_at timestamptz(3) not null default pg_catalog.clock_timestamp(),
  built_at timestamptz(3),
  constraint projection_builds_pkey primary key (name, version, tenant),
  constraint projection_builds_state_check check (state in ('building', 'checking', 'ready', 'failed')),
  constraint projection_builds_way_check check (way in ('follow', 'fold')),
  constraint projection_builds_swap_check check (swap in ('auto', 'manual')),
  constraint projection_builds_sample_check check (sample > 0),
  constraint projection_builds_events_per_second_check check (events_per_second > 0),
  constraint projection_builds_parts_check check (parts between 1 and 64)
);
