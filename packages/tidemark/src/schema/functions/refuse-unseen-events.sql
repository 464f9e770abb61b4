-- Of a log in partitions, for REPEATABLE READ and SERIALIZABLE: fails (40001) where a leaf holds what the snapshot of this transaction
-- does not show: an event of the stream after p_version, or one with an id of these. The caller holds the stream's row, so that
-- nothing of the stream comes after this look. Where the log is one table, its indexes refuse what is written, and
-- refuse_stale_look() looks for what is only read.
--
-- A leaf's index sees what a snapshot does not. So each leaf is asked by trying to write there, with ON CONFLICT on that index, which
-- is looked at first; whatever comes after it is undone. What is written is the stream's last event once more, so that a CHECK of
-- the user's lets it pass.
--
--   p_version, p_position  the stream's last event: leaves that end before it hold nothing after it
--   p_ids                  null: they are not looked at
create function :"schema".refuse_unseen_events(p_stream bigint, p_version bigint, p_position bigint, p_tenant text, p_ids uuid[]) returns void
  language plpgsql
as $tidemark$
declare
  v_last record;
  v_try record;
  v_written integer;
begin
  select e.type, e.data, e.metadata, e.tags
    into v_last
    from (select) as nothing
    left join :"schema".events as e on e.position = p_position;
  for v_try in
    -- By the cache of relations and not by the catalogue, which is as old as the snapshot: a leaf may be newer.
    select leaf.relid::regclass::text as leaf, coalesce(substring(leaf.bounds from '>= ''([0-9]+)''')::bigint, -p_stream) as position, key.*
      from (select relid, pg_get_partition_constraintdef(relid) as bounds from pg_partition_tree(:regclass(events)) where isleaf) as leaf
     cross join lateral (
       select 'stream_id, version' as columns, p_version + 1 as version, gen_random_uuid() as id
        where coalesce(substring(leaf.bounds from '< ''([0-9]+)''')::bigint > p_position, true)
       union all
       select 'tenant, id', -1, id from unnest(p_ids) as id
     ) as key
  loop
    begin
      execute format(
        'insert into %s (position, stream_id, version, id, recorded_at, tenant, type, data, metadata, tags) '
          'values ($1, $2, $3, $4, clock_timestamp(), $5, $6, $7, $8, $9) on conflict (%s) do nothing', v_try.leaf, v_try.columns)
        using v_try.position, p_stream, v_try.version, v_try.id, p_tenant, coalesce(v_last.type, ''), coalesce(v_last.data, '{}'), v_last.metadata, v_last.tags;
      get diagnostics v_written = row_count;
      if v_written = 0 then
        raise exception 'a trigger keeps events out of the log, so that a stream cannot be checked under %', upper(current_setting('transaction_isolation'))
          using errcode = 'TM001';
      end if;
      raise exception using errcode = 'TM008';
    exception
      -- The position may be taken.
      when sqlstate 'TM008' or unique_violation then
        null;
    end;
  end loop;
end
$tidemark$;
