-- Whether no transaction has held the gate for more than 100 ms. Closing it then does not take long. A prepared transaction holds it
-- until it is ended.
--
-- Only members of pg_read_all_stats see when other roles' transactions began. Without that, the transaction is checked again after
-- 100 ms: every role sees its virtual id, which is unique.
create function :"schema".gate_is_idle() returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $tidemark$
declare
  v_old boolean;
  v_unknown text[];
begin
  select bool_or(l.pid is null or a.xact_start < clock_timestamp() - interval '100 milliseconds'),
         array_agg(l.virtualtransaction) filter (where l.pid is not null and a.xact_start is null)
    into v_old, v_unknown
    from :"schema".gate_locks() as l
    left join pg_catalog.pg_stat_activity as a on a.pid = l.pid;
  if v_unknown is null or v_old then
    return v_old is not true;
  end if;
  perform pg_sleep(0.1);
  return not exists (select from :"schema".gate_locks() as l where l.virtualtransaction = any (v_unknown));
end
$tidemark$;
