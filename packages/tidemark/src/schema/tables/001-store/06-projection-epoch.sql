-- Counts the changes of what appends have to write besides events: an inline projection went live, or ceased to be. Every
-- append says the epoch it knows, and hold_floor() compares: whoever knows an old one is told to read the registry again,
-- so that no append slips past a projection that went live meanwhile. Whoever changes it holds the gate exclusively.
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
