-- Whether events are chained, and since when: empty, or one row. Every event after this position carries a hash of itself and of the
-- event before it in its stream (events.hash). schema/event-chain.ts writes the row, and creates the trigger events_chain with it: a
-- store that does not choose a chain has no trigger that its appends would pay for.
create table :"schema".event_chain (
  only_row boolean not null default true,
  position bigint not null,
  begun_at timestamptz(3) not null default pg_catalog.clock_timestamp(),
  constraint event_chain_pkey primary key (only_row),
  constraint event_chain_only_row_check check (only_row)
);

create trigger event_chain_kept
  before update or delete or truncate on :"schema".event_chain
  for each statement execute function :"schema".refuse_change('nobody would know which events carry a hash', 'Leave this row to the library.');

-- What an event's hash is made of. operations/verify/chain-sql.ts computes it, too, and does not trust this function. What is hashed never
-- changes: every event since would have to be hashed again. A function in SQL becomes a part of the statement that calls it, as long as it is not
-- declared to be more constant than what it calls and has no `set search_path`. So every name is qualified, and every operand has the exact type of an
-- operator of pg_catalog.
create function :"schema".hash_event(
  p_before bytea, p_id uuid, p_position bigint, p_version bigint, p_recorded_at timestamptz, p_schema_version smallint,
  p_tenant text, p_type text, p_data jsonb, p_metadata jsonb, p_tags text[]
) returns bytea
  language sql stable
as $tidemark$
  select pg_catalog.sha256(
    p_before || pg_catalog.uuid_send(p_id) || pg_catalog.int8send(p_position) || pg_catalog.int8send(p_version)
    || pg_catalog.timestamptz_send(p_recorded_at) || pg_catalog.int2send(p_schema_version)
    || pg_catalog.convert_to(
         p_tenant || pg_catalog.chr(30) || p_type || pg_catalog.chr(30) || p_data::text || pg_catalog.chr(30)
         || coalesce(p_metadata::text, '') || pg_catalog.chr(30) || coalesce(p_tags::text, ''), 'UTF8'::name))
$tidemark$;

-- The hash of an event that is inserted without one, whoever inserts it: append_singles() and append_many() make those of most events, in a third of the time. An event is inserted once the row
-- of its stream is locked, so that the event before it is there; one that the same statement inserts is seen, too, since the function is volatile. A
-- stream's first event with a hash stands on the hash of the stream's name. Without `set search_path`, which would cost each event a microsecond.
create function :"schema".chain_event() returns trigger
  language plpgsql
as $tidemark$
declare
  v_before bytea;
begin
  if new.version > 1::bigint then
    select e.hash into v_before from :"schema".events as e where e.stream_id = new.stream_id and e.version = new.version - 1::bigint;
  end if;
  if v_before is null then
    select pg_catalog.sha256(pg_catalog.convert_to(s.name, 'UTF8'::name)) into v_before from :"schema".streams as s where s.id = new.stream_id;
  end if;
  new.hash := :"schema".hash_event(
    v_before, new.id, new.position, new.version, new.recorded_at, new.schema_version, new.tenant, new.type, new.data, new.metadata, new.tags);
  return new;
end
$tidemark$;
