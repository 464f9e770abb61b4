-- Of a log in partitions, for REPEATABLE READ and SERIALIZABLE: fails (40001) where a leaf holds what the snapshot of this transaction
-- does not show: an event of the stream after p_version, or one with an id of these. The caller holds the stream's row, so that
-- nothing of the stream comes after this look. Where the log is one table, its indexes refuse what is written, and
-- refuse_stale_look() looks for what is only read.
--
-- A leaf's index sees what a snapshot does not. So each leaf is asked by trying to write there, which is undone at once. What is
-- written is the stream's last event once more, so that a CHECK of the user's lets it pass.
--
--   p_version, p_position  the stream's last event: leaves that end before it hold nothing after it
--   p_ids                  null: they are not looked at
create function :"schema".refuse_unseen_events(p_stream bigint, p_version bigint, p_position bigint, p_tenant text, p_ids uuid[]) returns void
  language plpgsql
as $tidemark$
declare
  c_row constant text := 'insert into %s (position, stream_id, version, id, recorded_at, tenant, type, data, metadata, tags) '
    'values ($1, $2, $3, $4, clock_timestamp(), $5, $6, $7, $8, $9) on conflict (%s) do nothing';
  v_last :"schema".events;
  v_leaf record;
  v_id uuid;
begin
  select * into v_last from :"schema".events as e where e.position = p_position;
  for v_leaf in
    -- By the cache of relations and not by the catalogue, which is as old as the snapshot: a leaf may be newer.
    select relid::regclass::text as name,
           coalesce(substring(bounds from '>= ''([0-9]+)''')::bigint, -p_stream) as first,
           coalesce(substring(bounds from '< ''([0-9]+)''')::bigint, 9223372036854775807) as behind
      from (select relid, pg_get_partition_constraintdef(relid) as bounds from pg_partition_tree(:regclass(events)) where isleaf) as leaf
  loop
    begin
      if v_leaf.behind > p_position then
        execute format(c_row, v_leaf.name, 'stream_id, version')
          using v_leaf.first, p_stream, p_version + 1, gen_random_uuid(), p_tenant, coalesce(v_last.type, ''), coalesce(v_last.data, '{}'),
            v_last.metadata, v_last.tags;
      end if;
      foreach v_id in array coalesce(p_ids, '{}') loop
        execute format(c_row, v_leaf.name, 'tenant, id')
          using v_leaf.first, p_stream, -1::bigint, v_id, p_tenant, coalesce(v_last.type, ''), coalesce(v_last.data, '{}'), v_last.metadata, v_last.tags;
      end loop;
      raise exception using errcode = 'TM008';
    exception
      when sqlstate 'TM008' then
        null;
    end;
  end loop;
end
$tidemark$;
