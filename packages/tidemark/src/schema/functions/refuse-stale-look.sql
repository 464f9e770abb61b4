-- Fails (23505 on events_stream_id_version_key) where a stream has an event after p_version that the snapshot of this transaction
-- does not show. The caller holds the stream's row, so that nothing comes after this look.
--
-- For REPEATABLE READ and SERIALIZABLE: an append that writes to a stream meets what it cannot see at that index. One that only
-- reads the stream would not, and locking a row that no session changes raises no error. So it tries to write the next event, and
-- undoes that at once. What it writes is the event before it once more, so that a CHECK of the user's lets it pass.
create function :"schema".refuse_stale_look(p_stream bigint, p_version bigint) returns void
  language plpgsql
as $tidemark$
begin
  insert into :"schema".events (position, stream_id, version, id, recorded_at, tenant, type, data, metadata, tags)
  select -p_stream, p_stream, p_version + 1, gen_random_uuid(), clock_timestamp(), coalesce(e.tenant, ''), coalesce(e.type, ''), coalesce(e.data, '{}'),
         e.metadata, e.tags
    from (select) as nothing
    left join :"schema".events as e on e.stream_id = p_stream and e.version = p_version;
  if not found then
    raise exception 'a trigger keeps events out of the log, so that a stream cannot be checked under %', upper(current_setting('transaction_isolation'))
      using errcode = 'TM001';
  end if;
  raise exception using errcode = 'TM008';
exception
  when sqlstate 'TM008' then
    null;
end
$tidemark$;
