-- What a standby may know of the mark: the last event at or below it, written by the primary now and then. Locks are not
-- replicated and a standby's sequence runs ahead, so the mark cannot be worked out there.
create table :"schema".high_water_mark (
  only_row boolean not null default true,
  position bigint not null default 0,
  event_id uuid,
  written_at timestamptz(3) not null default pg_catalog.clock_timestamp(),
  constraint high_water_mark_pkey primary key (only_row),
  constraint high_water_mark_only_row_check check (only_row)
);

insert into :"schema".high_water_mark default values;

create trigger high_water_mark_kept
  before delete or truncate on :"schema".high_water_mark
  for each statement execute function :"schema".refuse_change('readers on standbys would stand still', 'Leave this row to the library.');
