-- The mark for standbys: the last event at or below it, which the primary writes from time to time. A standby cannot compute the
-- mark, because locks are not replicated and its sequence runs ahead.
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
