-- Events are facts: nobody changes or removes one, the table's owner included.
create function :"schema".refuse_change() returns trigger
  language plpgsql
as $tidemark$
begin
  raise exception '% of %.% is refused: events are append-only', tg_op, tg_table_schema, tg_table_name
    using errcode = 'TM004', hint = 'Append an event that corrects the earlier one.';
end
$tidemark$;

create trigger events_append_only
  before update or delete or truncate on :"schema".events
  for each statement execute function :"schema".refuse_change();

create trigger event_tags_append_only
  before update or delete or truncate on :"schema".event_tags
  for each statement execute function :"schema".refuse_change();
