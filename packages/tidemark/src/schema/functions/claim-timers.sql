-- Takes timers that are due, for a transaction that appends their events: those that fire once are deleted, recurring ones stay locked.
-- With p_key: this one, if it is still the same and due. Without: up to p_limit of those that have never failed, by due time, unless
-- another transaction of this tenant is taking some. That keeps them in order and their rate bounded, however many workers there are.
--
-- Locked rows are skipped: whoever cancels or replaces such a timer came first. A timer that was moved to a later time since the statement
-- began is looked at again once its row is locked, and stays.
--
--   p_lock_ms  how long each later lock of the transaction is waited for. Shorter than deadlock_timeout: a transaction of the caller's
--              may hold the stream of a timer, and wait for this one to replace it
--
-- The rows are locked, so that they stay where they are, and are found there: a plan that was made when there were few timers, and is kept, would compare
-- each of those that are taken with all that are pending. It would also take all timers by their keys and sort them, where the index by due time had become
-- the wider one: so nothing is sorted that an index can give in order.
--
-- taken_now: the clock that they were due by.
create function :"schema".claim_timers(
  p_tenant text, p_limit integer, p_lock_ms integer, p_owner bigint default null, p_key text default null, p_event_id uuid default null
)
  returns table (
    taken_owner bigint, taken_key text, taken_stream text, taken_event_id uuid, taken_type text, taken_schema_version smallint, taken_data jsonb,
    taken_metadata jsonb, taken_tags text[], taken_due_at timestamptz, taken_cron text, taken_time_zone text, taken_missed text,
    taken_attempts integer, taken_now timestamptz
  )
  language plpgsql
  set search_path = pg_catalog, pg_temp
  set jit = off
  set enable_seqscan = off
  set enable_sort = off
  set enable_hashjoin = off
  set enable_mergejoin = off
  set enable_bitmapscan = off
  set plan_cache_mode = force_generic_plan
as $tidemark$
declare
  v_now constant timestamptz := clock_timestamp();
  v_tids tid[];
begin
  perform set_config('lock_timeout', p_lock_ms || 'ms', true);
  if p_key is not null then
    select array_agg(due.tid)
      into v_tids
      from (
        select t.ctid as tid
          from :"schema".timers as t
         where t.tenant = p_tenant and t.owner = p_owner and t.key = p_key and t.event_id = p_event_id
           and t.due_at <= v_now and coalesce(t.next_try_at, t.due_at) <= v_now
           for update skip locked
      ) as due;
  elsif pg_try_advisory_xact_lock(:"schema".lock_number(:regclass(timers)::oid::bigint), hashtext(p_tenant)) then
    select array_agg(due.tid)
      into v_tids
      from (
        select t.ctid as tid
          from :"schema".timers as t
         where t.tenant = p_tenant and t.next_try_at is null and t.due_at <= v_now
         order by t.due_at, t.owner, t.key
         limit p_limit
           for update skip locked
      ) as due;
  end if;
  if v_tids is null then
    return;
  end if;

  return query
  with gone as (
    delete from :"schema".timers as t where t.ctid = any (v_tids) and t.cron is null
    returning t.*
  ), taken as (
    select * from gone
    union all
    select t.* from :"schema".timers as t where t.ctid = any (v_tids) and t.cron is not null
  )
  select t.owner, t.key, t.stream, t.event_id, t.type, t.schema_version, t.data,
         jsonb_build_object(
           'timer', jsonb_build_object('key', t.key, 'dueAt', to_char(t.due_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
         ) || coalesce(t.metadata, '{}'),
         t.tags, t.due_at, t.cron, t.time_zone, t.missed, t.attempts, v_now
    from taken as t
   order by t.due_at, t.owner, t.key;
end
$tidemark$;
