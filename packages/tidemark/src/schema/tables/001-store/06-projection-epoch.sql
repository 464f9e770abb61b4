-- Counts changes of the inline projections that appends must write: one went live, or stopped being live. Every append sends the
-- epoch it knows, and hold_floor() compares it. If it is old, the process reads the registry again, so no append misses a projection
-- that went live meanwhile. A transaction that changes the epoch holds the gate exclusively.
create table :"schema".projection_epoch (
  only_row boolean not null default true,
  epoch bigint not null default 0,
  constraint projection_epoch_pkey primary key (only_row),
  constraint projection_epoch_only_row_check check (only_row)
);

insert into :"schema".projection_epoch default values;

create trigger projection_epoch_kept
  before delete or truncate on :"schema".projection_epoch
  for each statement execute function :"schema".refuse_change('appends could pass over a projection', 'Leave this row to the library.');
