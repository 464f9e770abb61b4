-- Events are facts: no role may change or remove one, not even the table's owner. The same holds for the rows that lead to them:
-- without its row in streams, an event would be in no stream and no feed, and the stream's versions would start again.
--
-- tg_argv: why, and what to do instead.
create function :"schema".refuse_change() returns trigger
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  raise exception '% of %.% is refused: %', tg_op, tg_table_schema, tg_table_name, tg_argv[0]
    using errcode = 'TM004', hint = tg_argv[1];
end
$tidemark$;

create trigger events_append_only
  before update or delete or truncate on :"schema".events
  for each statement execute function :"schema".refuse_change('events are append-only', 'Append an event that corrects the earlier one.');

create trigger event_tags_append_only
  before update or delete or truncate on :"schema".event_tags
  for each statement execute function :"schema".refuse_change('events are append-only', 'Append an event that corrects the earlier one.');

create trigger streams_append_only
  before update or delete or truncate on :"schema".streams
  for each statement execute function :"schema".refuse_change(
    'readers would lose the events of these streams', 'A stream without events may stay: readers do not see it.');
