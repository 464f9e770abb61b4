-- The id of the event, or the message of the outbox, at a position of the log that a follower reads; null where there is none.
create function :"schema".entry_of_log(p_source text, p_position bigint, out id uuid)
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
begin
  if p_source = 'outbox' then
    select o.id into id from :"schema".outbox as o where o.position = p_position;
  else
    select e.id into id from :"schema".events as e where e.position = p_position;
  end if;
end
$tidemark$;
