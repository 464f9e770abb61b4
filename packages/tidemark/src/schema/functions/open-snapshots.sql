-- Transactions of other sessions of this database that may read with a snapshot taken before now. In a table that was filled since, such a
-- reader sees nothing, or a part.
--
-- Only members of pg_read_all_stats see which of other roles' transactions hold a snapshot; of those all count. Their virtual ids are unique.
create function :"schema".open_snapshots() returns table (virtualtransaction text, holder text)
  language sql volatile
  set search_path = pg_catalog, pg_temp
as $tidemark$
  select l.virtualtransaction,
         format(
           'process %s (role %s, application %L%s)', l.pid, a.usename, a.application_name,
           ', its transaction open for ' || floor(extract(epoch from clock_timestamp() - a.xact_start)) || ' s')
    from pg_catalog.pg_locks as l
    join pg_catalog.pg_stat_activity as a on a.pid = l.pid
   where l.locktype = 'virtualxid'
     and l.granted
     and l.pid <> pg_backend_pid()
     and a.datname = current_database()
     -- Null where this role may not see the column. Auxiliary processes have no such type for any role.
     and coalesce(a.backend_type, 'client backend') = 'client backend'
     and (a.backend_xmin is not null or a.xact_start is null);
$tidemark$;
