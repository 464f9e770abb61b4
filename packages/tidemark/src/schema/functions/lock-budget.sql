-- Whether this transaction may take p_count more advisory locks. If not, it takes one lock that covers all of them.
--
-- All transactions of a server share one lock table, of max_locks_per_transaction × (max_connections + max_prepared_transactions)
-- locks, and a full one fails unrelated sessions too (53200). So the transactions of a store fill no more than about the whole of it even
-- where each connection has one: a few locks each, half of max_locks_per_transaction, and with a ticket 512. There are as many
-- tickets as fit into half the table; each is an advisory lock too, of the class of the OID of streams_pkey.
--
-- The count is kept for the transaction, and goes back with its savepoints as the locks do. It counts what is asked for, also what
-- is held already; before that is too much, pg_locks tells.
create function :"schema".lock_budget(p_count integer) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  c_setting constant text := 'tidemark.locks_' || :regclass(events)::oid;
  c_most constant integer := 512;
  v_each constant integer := current_setting('max_locks_per_transaction')::integer;
  v_few constant integer := v_each / 2;
  v_held integer := coalesce(nullif(current_setting(c_setting, true), ''), '0')::integer;
  v_ticketed boolean := v_held > v_few;
  v_tickets integer;
begin
  if v_held > 0 and v_held + p_count > (case when v_ticketed then c_most else v_few end) then
    v_held := (select count(*) from pg_catalog.pg_locks where pid = pg_backend_pid() and locktype = 'advisory');
    -- One that has its ticket keeps the mark of it.
    if v_ticketed then
      v_held := greatest(v_held, v_few + 1);
    end if;
  end if;
  if v_held + p_count > c_most then
    return false;
  end if;
  if v_held + p_count > v_few and not v_ticketed then
    v_tickets := greatest(1, v_each * (current_setting('max_connections')::integer + current_setting('max_prepared_transactions')::integer) / 2 / c_most);
    for i in 1 .. v_tickets loop
      v_ticketed := pg_try_advisory_xact_lock(:"schema".lock_number(:regclass(streams_pkey)::oid::bigint), i);
      exit when v_ticketed;
    end loop;
    if not v_ticketed then
      return false;
    end if;
  end if;
  perform set_config(c_setting, (v_held + p_count)::text, true);
  return true;
end
$tidemark$;
